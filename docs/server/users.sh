#!/bin/sh
# Passwords come as files (Compose's secrets): they are in no image, and in no `docker inspect`.
set -eu
umask 077
database="postgresql+psycopg2://mlflow:$(cat /run/secrets/database)@database:5432"
cat > /tmp/users.ini <<END
[mlflow]
default_permission = READ
database_uri = $database/users
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
END
MLFLOW_AUTH_ADMIN_PASSWORD="$(cat /run/secrets/admin)"
MLFLOW_FLASK_SERVER_SECRET_KEY="$(cat /run/secrets/session)"
export MLFLOW_AUTH_CONFIG_PATH=/tmp/users.ini MLFLOW_BACKEND_STORE_URI="$database/runs"
export MLFLOW_AUTH_ADMIN_PASSWORD MLFLOW_FLASK_SERVER_SECRET_KEY
exec mlflow server --app-name basic-auth --host 0.0.0.0 --port 5000 --workers 4 \
  --artifacts-destination /artifacts --allowed-hosts "${HOST_NAME:?the name that users type}" \
  --cors-allowed-origins "https://$HOST_NAME"
