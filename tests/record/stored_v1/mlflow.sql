BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('dc11669786a5');
CREATE TABLE "assessments" (
	assessment_id VARCHAR(50) NOT NULL, 
	trace_id VARCHAR(50) NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	assessment_type VARCHAR(20) NOT NULL, 
	value TEXT NOT NULL, 
	error TEXT, 
	created_timestamp BIGINT NOT NULL, 
	last_updated_timestamp BIGINT NOT NULL, 
	source_type VARCHAR(50) NOT NULL, 
	source_id VARCHAR(250), 
	run_id VARCHAR(32), 
	span_id VARCHAR(50), 
	rationale TEXT, 
	overrides VARCHAR(50), 
	valid BOOLEAN NOT NULL, 
	assessment_metadata TEXT, 
	experiment_id INTEGER, 
	trace_timestamp_ms BIGINT, 
	aggregate_value FLOAT, 
	is_numeric_value BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT assessments_pk PRIMARY KEY (assessment_id), 
	CONSTRAINT fk_assessments_trace_id FOREIGN KEY(trace_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE budget_policies (
	budget_policy_id VARCHAR(36) NOT NULL, 
	budget_unit VARCHAR(32) NOT NULL, 
	budget_amount FLOAT NOT NULL, 
	duration_unit VARCHAR(32) NOT NULL, 
	duration_value INTEGER NOT NULL, 
	target_scope VARCHAR(32) NOT NULL, 
	budget_action VARCHAR(32) NOT NULL, 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, target_value VARCHAR(255), 
	CONSTRAINT budget_policies_pk PRIMARY KEY (budget_policy_id)
);
CREATE TABLE "datasets" (
	dataset_uuid VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	digest VARCHAR(36) NOT NULL, 
	dataset_source_type VARCHAR(36) NOT NULL, 
	dataset_source TEXT NOT NULL, 
	dataset_schema TEXT, 
	dataset_profile TEXT, 
	CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest), 
	CONSTRAINT fk_datasets_experiment_id_experiments FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
INSERT INTO "datasets" VALUES('7f273ad0a2eb45b49a8ebf70b9180ad4',1,'mnist','48b045d5','nnexp','{"sha256": "48b045d52f541fb70f3f0c18deac7f52c7542b911fd5b53be4eb2d984cbbc284"}',NULL,'{"n_train": 100, "subset": "first"}');
INSERT INTO "datasets" VALUES('0308c50639984917adb4cbd1528559ad',1,'neuron','ccdc563d','nnexp','{"sha256": "ccdc563d6ec3fc90e2b01a36c3fdb0d544c8146971f1ae3798e2f19c7773840a"}',NULL,'{"n_train": 1, "subset": "first"}');
CREATE TABLE endpoint_bindings (
	endpoint_id VARCHAR(36) NOT NULL, 
	resource_type VARCHAR(50) NOT NULL, 
	resource_id VARCHAR(255) NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), display_name VARCHAR(255), 
	CONSTRAINT endpoint_bindings_pk PRIMARY KEY (endpoint_id, resource_type, resource_id), 
	CONSTRAINT fk_endpoint_bindings_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (endpoint_id) ON DELETE CASCADE
);
CREATE TABLE endpoint_model_mappings (
	mapping_id VARCHAR(36) NOT NULL, 
	endpoint_id VARCHAR(36) NOT NULL, 
	model_definition_id VARCHAR(36) NOT NULL, 
	weight FLOAT NOT NULL, 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, linkage_type VARCHAR(64) DEFAULT 'PRIMARY' NOT NULL, fallback_order INTEGER, 
	CONSTRAINT endpoint_model_mappings_pk PRIMARY KEY (mapping_id), 
	CONSTRAINT fk_endpoint_model_mappings_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (endpoint_id) ON DELETE CASCADE, 
	CONSTRAINT fk_endpoint_model_mappings_model_definition_id FOREIGN KEY(model_definition_id) REFERENCES model_definitions (model_definition_id)
);
CREATE TABLE endpoint_tags (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	endpoint_id VARCHAR(36) NOT NULL, 
	CONSTRAINT endpoint_tag_pk PRIMARY KEY ("key", endpoint_id), 
	CONSTRAINT fk_endpoint_tags_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (endpoint_id) ON DELETE CASCADE
);
CREATE TABLE "endpoints" (
	endpoint_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255), 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	routing_strategy VARCHAR(64), 
	fallback_config_json TEXT, 
	experiment_id INTEGER, 
	usage_tracking BOOLEAN DEFAULT '0' NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT endpoints_pk PRIMARY KEY (endpoint_id), 
	CONSTRAINT fk_endpoints_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE SET NULL, 
	CONSTRAINT uq_endpoints_workspace_name UNIQUE (workspace, name)
);
CREATE TABLE entity_associations (
	association_id VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, 
	created_time BIGINT, 
	CONSTRAINT entity_associations_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
CREATE TABLE "evaluation_dataset_records" (
	dataset_record_id VARCHAR(36) NOT NULL, 
	dataset_id VARCHAR(36) NOT NULL, 
	inputs JSON NOT NULL, 
	expectations JSON, 
	tags JSON, 
	source JSON, 
	source_id VARCHAR(36), 
	source_type VARCHAR(255), 
	created_time BIGINT, 
	last_update_time BIGINT, 
	created_by VARCHAR(255), 
	last_updated_by VARCHAR(255), 
	input_hash VARCHAR(64) NOT NULL, outputs JSON, 
	CONSTRAINT evaluation_dataset_records_pk PRIMARY KEY (dataset_record_id), 
	CONSTRAINT fk_evaluation_dataset_records_dataset_id FOREIGN KEY(dataset_id) REFERENCES evaluation_datasets (dataset_id) ON DELETE CASCADE, 
	CONSTRAINT unique_dataset_input UNIQUE (dataset_id, input_hash)
);
CREATE TABLE evaluation_dataset_tags (
	dataset_id VARCHAR(36) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	value VARCHAR(5000), 
	CONSTRAINT evaluation_dataset_tags_pk PRIMARY KEY (dataset_id, "key"), 
	CONSTRAINT fk_evaluation_dataset_tags_dataset_id FOREIGN KEY(dataset_id) REFERENCES evaluation_datasets (dataset_id) ON DELETE CASCADE
);
CREATE TABLE "evaluation_datasets" (
	dataset_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	schema TEXT, 
	profile TEXT, 
	digest VARCHAR(64), 
	created_time BIGINT, 
	last_update_time BIGINT, 
	created_by VARCHAR(255), 
	last_updated_by VARCHAR(255), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT evaluation_datasets_pk PRIMARY KEY (dataset_id)
);
CREATE TABLE "experiment_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value TEXT, 
	experiment_id INTEGER NOT NULL, 
	CONSTRAINT experiment_tag_pk PRIMARY KEY ("key", experiment_id), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE "experiments" (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), 
	creation_time BIGINT, 
	last_update_time BIGINT, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
INSERT INTO "experiments" VALUES(0,'Default','@FOLDER@/mlruns/0','active',1795504390488,1795504390488,'default');
INSERT INTO "experiments" VALUES(1,'nnexp','file://@FOLDER@/mlartifacts','active',1795504390655,1795504390655,'default');
CREATE TABLE guardrail_configs (
	endpoint_id VARCHAR(36) NOT NULL, 
	guardrail_id VARCHAR(36) NOT NULL, 
	execution_order INTEGER, 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT guardrail_configs_pk PRIMARY KEY (endpoint_id, guardrail_id), 
	CONSTRAINT fk_guardrail_configs_endpoint_id FOREIGN KEY(endpoint_id) REFERENCES endpoints (endpoint_id) ON DELETE CASCADE, 
	CONSTRAINT fk_guardrail_configs_guardrail_id FOREIGN KEY(guardrail_id) REFERENCES guardrails (guardrail_id) ON DELETE CASCADE
);
CREATE TABLE guardrails (
	guardrail_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	scorer_id VARCHAR(36) NOT NULL, 
	scorer_version INTEGER NOT NULL, 
	stage VARCHAR(32) NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	action_endpoint_id VARCHAR(36), 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT guardrails_pk PRIMARY KEY (guardrail_id), 
	CONSTRAINT fk_guardrails_scorer_version FOREIGN KEY(scorer_id, scorer_version) REFERENCES scorer_versions (scorer_id, scorer_version), 
	CONSTRAINT fk_guardrails_action_endpoint_id FOREIGN KEY(action_endpoint_id) REFERENCES endpoints (endpoint_id) ON DELETE SET NULL
);
CREATE TABLE input_tags (
	input_uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value VARCHAR(500) NOT NULL, 
	CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
INSERT INTO "input_tags" VALUES('52d1028a2b1942bdbb504c92778334fb','mlflow.data.context','training');
INSERT INTO "input_tags" VALUES('b5e6c4af7682412b8ab70e42e554e150','mlflow.data.context','training');
INSERT INTO "input_tags" VALUES('cbb9459e19384870b614a9b767fda10a','mlflow.data.context','training');
INSERT INTO "input_tags" VALUES('f8c0e6bc6400408db9f6f287b32c4d7a','mlflow.data.context','training');
CREATE TABLE inputs (
	input_uuid VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
INSERT INTO "inputs" VALUES('52d1028a2b1942bdbb504c92778334fb','DATASET','7f273ad0a2eb45b49a8ebf70b9180ad4','RUN','401148c498594e37b5f70a08bde0ef01',0);
INSERT INTO "inputs" VALUES('b5e6c4af7682412b8ab70e42e554e150','DATASET','7f273ad0a2eb45b49a8ebf70b9180ad4','RUN','30ccf8a9a4ce41a9a903a5dc2a42a839',0);
INSERT INTO "inputs" VALUES('cbb9459e19384870b614a9b767fda10a','DATASET','7f273ad0a2eb45b49a8ebf70b9180ad4','RUN','270fd63f76fe47019e70fe89f10bcd66',0);
INSERT INTO "inputs" VALUES('f8c0e6bc6400408db9f6f287b32c4d7a','DATASET','0308c50639984917adb4cbd1528559ad','RUN','74846a5783114a1a9b2cad88f52e55f3',0);
CREATE TABLE issues (
	issue_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	description TEXT NOT NULL, 
	status VARCHAR(50) NOT NULL, 
	severity VARCHAR(50), 
	root_causes TEXT, 
	source_run_id VARCHAR(32), 
	categories TEXT, 
	created_timestamp BIGINT NOT NULL, 
	last_updated_timestamp BIGINT NOT NULL, 
	created_by VARCHAR(255), 
	CONSTRAINT issues_pk PRIMARY KEY (issue_id), 
	CONSTRAINT fk_issues_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE, 
	CONSTRAINT fk_issues_source_run_id FOREIGN KEY(source_run_id) REFERENCES runs (run_uuid) ON DELETE SET NULL
);
CREATE TABLE job_locks (
	lock_key VARCHAR(255) NOT NULL, 
	job_id VARCHAR(36) NOT NULL, 
	acquired_at BIGINT NOT NULL, 
	CONSTRAINT job_locks_pk PRIMARY KEY (lock_key), 
	CONSTRAINT fk_job_locks_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
CREATE TABLE "jobs" (
	id VARCHAR(36) NOT NULL, 
	creation_time BIGINT NOT NULL, 
	job_name VARCHAR(500) NOT NULL, 
	params TEXT NOT NULL, 
	timeout FLOAT, 
	status INTEGER NOT NULL, 
	result TEXT, 
	retry_count INTEGER NOT NULL, 
	last_update_time BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, status_details JSON, creator VARCHAR(255), executor_backend VARCHAR(255), lease_expires_at BIGINT, status_message TEXT, progress JSON, progress_updated_at BIGINT, token_hash VARCHAR(64), scoped_permissions JSON, next_attempt_at BIGINT, 
	CONSTRAINT jobs_pk PRIMARY KEY (id)
);
CREATE TABLE label_schemas (
	schema_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	type VARCHAR(16) NOT NULL, 
	instruction TEXT, 
	enable_comment BOOLEAN DEFAULT '0' NOT NULL, 
	input_type VARCHAR(32) NOT NULL, 
	input_config TEXT NOT NULL, 
	created_by VARCHAR(255), 
	created_time BIGINT NOT NULL, 
	last_update_time BIGINT NOT NULL, 
	is_default BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT label_schemas_pk PRIMARY KEY (schema_id), 
	CONSTRAINT fk_label_schemas_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE, 
	CONSTRAINT uq_label_schemas_exp_name UNIQUE (experiment_id, name)
);
CREATE TABLE "latest_metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT, 
	step BIGINT NOT NULL, 
	is_nan BOOLEAN NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO "latest_metrics" VALUES('train/cost',2.97376762546774164874e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('train/data_cost',2.97229725530470778593e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('train/penalty',1.47037016303399378086e-03,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('train/accuracy',0.31,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('train/correct',31.0,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/cost',3.13805567263498685903e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/data_cost',3.13658530247195299622e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/penalty',1.47037016303399378086e-03,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/accuracy',0.2338,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/correct',2338.0,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('validation/cost_network2',3.13660000617358347696e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/cost',3.13127439107664073958e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/data_cost',3.12980402091360687677e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/penalty',1.47037016303399378086e-03,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/accuracy',0.2361,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/correct',2361.0,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('test/cost_network2',3.12981872461523735751e+00,1795504391983,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('time/train_seconds',1.57998810002482059644e-02,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('time/evaluate_seconds',1.33871908999935840256e-01,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('best/validation_accuracy',0.2467,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('best/epoch',2.0,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('gap/final',0.0739,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('gap/best',7.91999999999999926281e-02,1795504392341,3,0,'401148c498594e37b5f70a08bde0ef01');
INSERT INTO "latest_metrics" VALUES('train/cost',2.97182482617740229002e+00,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('train/data_cost',2.97182482617740229002e+00,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('train/penalty',0.0,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('train/accuracy',0.31,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('train/correct',31.0,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/cost',3.13631080197955469657e+00,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/data_cost',3.13631080197955469657e+00,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/penalty',0.0,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/accuracy',0.2338,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/correct',2338.0,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('validation/cost_network2',3.13631080197955469657e+00,1795504408315,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('time/train_seconds',1.17536539999036904191e-02,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('time/evaluate_seconds',1.49446806000014476012e-01,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('test/data_cost',3.12953276609357322612e+00,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('test/accuracy',0.2363,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('test/correct',2363.0,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('best/validation_accuracy',0.2467,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('best/epoch',2.0,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('gap/final',7.36999999999999877431e-02,1795504411745,3,0,'30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "latest_metrics" VALUES('train/cost',3.03999507195528,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('train/data_cost',3.03999507195528,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('train/penalty',0.0,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('train/accuracy',0.28,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('train/correct',28.0,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/cost',3.17109011087881853541e+00,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/data_cost',3.17109011087881853541e+00,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/penalty',0.0,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/accuracy',0.2022,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/correct',2022.0,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('validation/cost_network2',3.17109011087881853541e+00,1795504409057,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('time/train_seconds',2.82752549999258917523e-02,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('time/evaluate_seconds',2.4427921300002708449e-01,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('test/data_cost',3.1703357706804156102e+00,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('test/accuracy',0.2007,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('test/correct',2007.0,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('best/validation_accuracy',0.2164,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('best/epoch',2.0,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('gap/final',7.93000000000000371258e-02,1795504412146,3,0,'270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "latest_metrics" VALUES('train/cost',5.62747456133365631103e-02,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('train/data_cost',5.62747456133365631103e-02,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('train/penalty',0.0,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('neuron/activation',5.47206125375540100574e-02,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('neuron/gradient_w',5.47206125375540100574e-02,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('neuron/sigmoid_prime',5.17262671010688956929e-02,1795504427146,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('time/train_seconds',1.72789999987799092195e-03,1795504427411,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('time/evaluate_seconds',1.34528400076305842958e-03,1795504427411,20,0,'74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "latest_metrics" VALUES('test/data_cost',5.62747456133365631103e-02,1795504427411,20,0,'74846a5783114a1a9b2cad88f52e55f3');
CREATE TABLE logged_model_metrics (
	model_id VARCHAR(36) NOT NULL, 
	metric_name VARCHAR(500) NOT NULL, 
	metric_timestamp_ms BIGINT NOT NULL, 
	metric_step BIGINT NOT NULL, 
	metric_value FLOAT, 
	experiment_id INTEGER NOT NULL, 
	run_id VARCHAR(32) NOT NULL, 
	dataset_uuid VARCHAR(36), 
	dataset_name VARCHAR(500), 
	dataset_digest VARCHAR(36), 
	CONSTRAINT logged_model_metrics_pk PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id), 
	CONSTRAINT fk_logged_model_metrics_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_metrics_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE, 
	CONSTRAINT fk_logged_model_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (run_uuid) ON DELETE CASCADE
);
CREATE TABLE logged_model_params (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	param_key VARCHAR(255) NOT NULL, 
	param_value TEXT NOT NULL, 
	CONSTRAINT logged_model_params_pk PRIMARY KEY (model_id, param_key), 
	CONSTRAINT fk_logged_model_params_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_params_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE
);
CREATE TABLE logged_model_tags (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	tag_key VARCHAR(255) NOT NULL, 
	tag_value TEXT NOT NULL, 
	CONSTRAINT logged_model_tags_pk PRIMARY KEY (model_id, tag_key), 
	CONSTRAINT fk_logged_model_tags_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_logged_model_tags_model_id FOREIGN KEY(model_id) REFERENCES logged_models (model_id) ON DELETE CASCADE
);
CREATE TABLE logged_models (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	artifact_location VARCHAR(1000) NOT NULL, 
	creation_timestamp_ms BIGINT NOT NULL, 
	last_updated_timestamp_ms BIGINT NOT NULL, 
	status INTEGER NOT NULL, 
	lifecycle_stage VARCHAR(32), 
	model_type VARCHAR(500), 
	source_run_id VARCHAR(32), 
	status_message VARCHAR(1000), 
	CONSTRAINT logged_models_pk PRIMARY KEY (model_id), 
	CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT fk_logged_models_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE mcp_access_endpoints (
	id VARCHAR(36) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	server_name VARCHAR(256) NOT NULL, 
	server_version VARCHAR(128), 
	server_alias VARCHAR(256), 
	url VARCHAR(2048) NOT NULL, 
	transport_type VARCHAR(32) DEFAULT 'streamable-http' NOT NULL, 
	created_by VARCHAR(256), 
	last_updated_by VARCHAR(256), 
	created_at BIGINT NOT NULL, 
	last_updated_at BIGINT NOT NULL, 
	CONSTRAINT mcp_access_endpoints_pk PRIMARY KEY (id), 
	CONSTRAINT mcp_access_endpoints_server_fkey FOREIGN KEY(workspace, server_name) REFERENCES mcp_servers (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE mcp_server_aliases (
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	alias VARCHAR(256) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	CONSTRAINT mcp_server_aliases_pk PRIMARY KEY (workspace, name, alias), 
	CONSTRAINT mcp_server_aliases_server_fkey FOREIGN KEY(workspace, name) REFERENCES mcp_servers (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE mcp_server_tags (
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	CONSTRAINT mcp_server_tags_pk PRIMARY KEY (workspace, name, "key"), 
	CONSTRAINT mcp_server_tags_server_fkey FOREIGN KEY(workspace, name) REFERENCES mcp_servers (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE mcp_server_version_tags (
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	CONSTRAINT mcp_server_version_tags_pk PRIMARY KEY (workspace, name, version, "key"), 
	CONSTRAINT mcp_server_version_tags_version_fkey FOREIGN KEY(workspace, name, version) REFERENCES mcp_server_versions (workspace, name, version) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE mcp_server_versions (
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	version_major INTEGER NOT NULL, 
	version_minor INTEGER NOT NULL, 
	version_patch INTEGER NOT NULL, 
	version_prerelease_sort_key VARCHAR(512) NOT NULL, 
	server_json JSON NOT NULL, 
	status VARCHAR(20) DEFAULT 'draft' NOT NULL, 
	tools JSON, 
	source VARCHAR(512), 
	connect_options JSON, 
	created_by VARCHAR(256), 
	last_updated_by VARCHAR(256), 
	created_at BIGINT NOT NULL, 
	last_updated_at BIGINT NOT NULL, 
	CONSTRAINT mcp_server_versions_pk PRIMARY KEY (workspace, name, version), 
	CONSTRAINT mcp_server_versions_server_fkey FOREIGN KEY(workspace, name) REFERENCES mcp_servers (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE mcp_servers (
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	display_name VARCHAR(256), 
	description TEXT, 
	icons JSON, 
	created_by VARCHAR(256), 
	last_updated_by VARCHAR(256), 
	created_at BIGINT NOT NULL, 
	last_updated_at BIGINT NOT NULL, 
	CONSTRAINT mcp_servers_pk PRIMARY KEY (workspace, name)
);
CREATE TABLE "metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	step BIGINT DEFAULT '0' NOT NULL, 
	is_nan BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO "metrics" VALUES('train/cost',8.22413856076779659076e+00,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('train/data_cost',8.22353706098045,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('train/penalty',6.0149978734745006368e-04,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.05,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('train/correct',5.0,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/cost',8.12486073935037289572e+00,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/data_cost',8.12425923956302575845e+00,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/penalty',6.0149978734745006368e-04,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.0903,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/correct',903.0,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',8.1242652545609,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/cost',8.12646879727642357238e+00,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/data_cost',8.12586729748907643511e+00,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/penalty',6.0149978734745006368e-04,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.0886,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/correct',886.0,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('test/cost_network2',8.12587331248695,1795504391874,'401148c498594e37b5f70a08bde0ef01',0,0);
INSERT INTO "metrics" VALUES('train/cost',3.16516351380813087956e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.16401822340884,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('train/penalty',1.14529039929092408926e-03,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.11,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('train/correct',11.0,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/cost',3.23802707388275434752e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.23688178348346333734e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/penalty',1.14529039929092408926e-03,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.0983,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/correct',983.0,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.23689323638745607425e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/cost',3.23693589375242130046e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/data_cost',3.23579060335313029028e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/penalty',1.14529039929092408926e-03,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.0982,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/correct',982.0,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('test/cost_network2',3.23580205625712302719e+00,1795504391922,'401148c498594e37b5f70a08bde0ef01',1,0);
INSERT INTO "metrics" VALUES('train/cost',3.05414429613441518185e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.05284437794554763812e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('train/penalty',1.29991818886745027529e-03,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.33,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('train/correct',33.0,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/cost',3.16793254430529236387e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.16663262611642482013e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/penalty',1.29991818886745027529e-03,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2467,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/correct',2467.0,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.16664562529831350445e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/cost',3.16397667597522769256e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/data_cost',3.16267675778636,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/penalty',1.29991818886745027529e-03,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.2508,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/correct',2508.0,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('test/cost_network2',3.16268975696824883314e+00,1795504391950,'401148c498594e37b5f70a08bde0ef01',2,0);
INSERT INTO "metrics" VALUES('train/cost',2.97376762546774164874e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('train/data_cost',2.97229725530470778593e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('train/penalty',1.47037016303399378086e-03,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.31,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('train/correct',31.0,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/cost',3.13805567263498685903e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.13658530247195299622e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/penalty',1.47037016303399378086e-03,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2338,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/correct',2338.0,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.13660000617358347696e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/cost',3.13127439107664073958e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/data_cost',3.12980402091360687677e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/penalty',1.47037016303399378086e-03,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.2361,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/correct',2361.0,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('test/cost_network2',3.12981872461523735751e+00,1795504391983,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('time/train_seconds',1.57998810002482059644e-02,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('time/evaluate_seconds',1.33871908999935840256e-01,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('best/validation_accuracy',0.2467,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('best/epoch',2.0,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('gap/final',0.0739,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('gap/best',7.91999999999999926281e-02,1795504392341,'401148c498594e37b5f70a08bde0ef01',3,0);
INSERT INTO "metrics" VALUES('train/cost',8.22353706098045,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('train/data_cost',8.22353706098045,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.05,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('train/correct',5.0,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/cost',8.12425923956302575845e+00,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/data_cost',8.12425923956302575845e+00,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.0903,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/correct',903.0,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',8.12425923956302575845e+00,1795504408162,'30ccf8a9a4ce41a9a903a5dc2a42a839',0,0);
INSERT INTO "metrics" VALUES('train/cost',3.16391951183606767727e+00,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.16391951183606767727e+00,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.11,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('train/correct',11.0,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/cost',3.23682315992908842261e+00,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.23682315992908842261e+00,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.0983,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/correct',983.0,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.23682315992908842261e+00,1795504408208,'30ccf8a9a4ce41a9a903a5dc2a42a839',1,0);
INSERT INTO "metrics" VALUES('train/cost',3.05260428654557,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.05260428654557,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.33,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('train/correct',33.0,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/cost',3.16650737681580229931e+00,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.16650737681580229931e+00,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2467,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/correct',2467.0,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.16650737681580229931e+00,1795504408245,'30ccf8a9a4ce41a9a903a5dc2a42a839',2,0);
INSERT INTO "metrics" VALUES('train/cost',2.97182482617740229002e+00,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('train/data_cost',2.97182482617740229002e+00,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.31,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('train/correct',31.0,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/cost',3.13631080197955469657e+00,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.13631080197955469657e+00,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2338,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/correct',2338.0,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.13631080197955469657e+00,1795504408315,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('time/train_seconds',1.17536539999036904191e-02,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('time/evaluate_seconds',1.49446806000014476012e-01,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('test/data_cost',3.12953276609357322612e+00,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.2363,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('test/correct',2363.0,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('best/validation_accuracy',0.2467,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('best/epoch',2.0,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('gap/final',7.36999999999999877431e-02,1795504411745,'30ccf8a9a4ce41a9a903a5dc2a42a839',3,0);
INSERT INTO "metrics" VALUES('train/cost',8.22353706098045,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('train/data_cost',8.22353706098045,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.05,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('train/correct',5.0,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/cost',8.12425923956302575845e+00,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/data_cost',8.12425923956302575845e+00,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.0903,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/correct',903.0,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',8.12425923956302575845e+00,1795504408808,'270fd63f76fe47019e70fe89f10bcd66',0,0);
INSERT INTO "metrics" VALUES('train/cost',3.1736962425804118304e+00,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.1736962425804118304e+00,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.24,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('train/correct',24.0,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/cost',3.24346659766367251265e+00,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.24346659766367251265e+00,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.1751,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/correct',1751.0,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.24346659766367251265e+00,1795504408921,'270fd63f76fe47019e70fe89f10bcd66',1,0);
INSERT INTO "metrics" VALUES('train/cost',3.17594221365026108117e+00,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.17594221365026108117e+00,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.29,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('train/correct',29.0,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/cost',3.28445134796369231366e+00,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.28445134796369231366e+00,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2164,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/correct',2164.0,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.28445134796369231366e+00,1795504408997,'270fd63f76fe47019e70fe89f10bcd66',2,0);
INSERT INTO "metrics" VALUES('train/cost',3.03999507195528,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.03999507195528,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('train/accuracy',0.28,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('train/correct',28.0,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/cost',3.17109011087881853541e+00,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/data_cost',3.17109011087881853541e+00,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/penalty',0.0,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/accuracy',0.2022,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/correct',2022.0,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('validation/cost_network2',3.17109011087881853541e+00,1795504409057,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('time/train_seconds',2.82752549999258917523e-02,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('time/evaluate_seconds',2.4427921300002708449e-01,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('test/data_cost',3.1703357706804156102e+00,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('test/accuracy',0.2007,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('test/correct',2007.0,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('best/validation_accuracy',0.2164,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('best/epoch',2.0,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('gap/final',7.93000000000000371258e-02,1795504412146,'270fd63f76fe47019e70fe89f10bcd66',3,0);
INSERT INTO "metrics" VALUES('train/cost',1.70141327381134033203e+00,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.70141327381134033203e+00,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('neuron/activation',8.175744761936436511e-01,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',8.175744761936436511e-01,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.49146452070332863337e-01,1795504427135,'74846a5783114a1a9b2cad88f52e55f3',0,0);
INSERT INTO "metrics" VALUES('train/cost',1.09147727489471435546e+00,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.09147727489471435546e+00,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('neuron/activation',6.64279828467665867108e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',6.64279828467665867108e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',2.23012137958634282242e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',1,0);
INSERT INTO "metrics" VALUES('train/cost',7.02261149883270263671e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('train/data_cost',7.02261149883270263671e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('neuron/activation',5.04536295637017517812e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',5.04536295637017517812e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',2.49979422021893576966e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',2,0);
INSERT INTO "metrics" VALUES('train/cost',4.79236841201782226562e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('train/data_cost',4.79236841201782226562e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('neuron/activation',3.8074420604896230813e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',3.8074420604896230813e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',2.357780556091076396e-01,1795504427141,'74846a5783114a1a9b2cad88f52e55f3',3,0);
INSERT INTO "metrics" VALUES('train/cost',3.50765079259872436523e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('train/data_cost',3.50765079259872436523e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('neuron/activation',2.9585083808891726731e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',2.9585083808891726731e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',2.08323119691002506259e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',4,0);
INSERT INTO "metrics" VALUES('train/cost',2.71973043680191040039e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('train/data_cost',2.71973043680191040039e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('neuron/activation',2.38125194459771760691e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',2.38125194459771760691e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.81421586223267650161e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',5,0);
INSERT INTO "metrics" VALUES('train/cost',2.20197767019271850585e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('train/data_cost',2.20197767019271850585e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.97639889542452540371e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.97639889542452540371e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.58578363604099714656e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',6,0);
INSERT INTO "metrics" VALUES('train/cost',1.84110686182975769042e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.84110686182975769042e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.68156276062024545581e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.68156276062024545581e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.3987974288297674863e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',7,0);
INSERT INTO "metrics" VALUES('train/cost',1.57739073038101196289e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.57739073038101196289e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.45927398432817295725e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.45927398432817295725e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.24632592819447080012e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',8,0);
INSERT INTO "metrics" VALUES('train/cost',1.37726172804832458496e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.37726172804832458496e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.28662756134001354801e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.28662756134001354801e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.12108651318003849084e-01,1795504427142,'74846a5783114a1a9b2cad88f52e55f3',9,0);
INSERT INTO "metrics" VALUES('train/cost',1.22070871293544769287e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.22070871293544769287e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.14914362326130808922e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.14914362326130808922e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',1.01709051657309534899e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',10,0);
INSERT INTO "metrics" VALUES('train/cost',1.09517589211463928222e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('train/data_cost',1.09517589211463928222e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('neuron/activation',1.03733597033113036922e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',1.03733597033113036922e-01,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',9.29729378796847610866e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',11,0);
INSERT INTO "metrics" VALUES('train/cost',0.0992436483502388,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('train/data_cost',0.0992436483502388,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('neuron/activation',9.44779471679198096234e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',9.44779471679198096234e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',8.55518646668555621248e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',12,0);
INSERT INTO "metrics" VALUES('train/cost',0.0906897708773613,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('train/data_cost',0.0906897708773613,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('neuron/activation',0.086699006305521,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',0.086699006305521,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',7.91822886111562401767e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',13,0);
INSERT INTO "metrics" VALUES('train/cost',0.0834636464715004,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('train/data_cost',0.0834636464715004,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('neuron/activation',8.00754685895385259764e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',8.00754685895385259764e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',7.3663387919704351181e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',14,0);
INSERT INTO "metrics" VALUES('train/cost',7.72825032472610473632e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('train/data_cost',7.72825032472610473632e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('neuron/activation',7.4371677035046920845e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',7.4371677035046920845e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',0.0688405306900416,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',15,0);
INSERT INTO "metrics" VALUES('train/cost',7.1937777101993560791e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('train/data_cost',7.1937777101993560791e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('neuron/activation',6.94112064185352511946e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',6.94112064185352511946e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',6.45932908420587398312e-02,1795504427143,'74846a5783114a1a9b2cad88f52e55f3',16,0);
INSERT INTO "metrics" VALUES('train/cost',6.7272402346134185791e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('train/data_cost',6.7272402346134185791e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('neuron/activation',0.0650595127967802,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',0.0650595127967802,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',6.08267725914257914587e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',17,0);
INSERT INTO "metrics" VALUES('train/cost',6.31659924983978271484e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('train/data_cost',6.31659924983978271484e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('neuron/activation',6.12123772437259128231e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',6.12123772437259128231e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',0.0574654221158977,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',18,0);
INSERT INTO "metrics" VALUES('train/cost',5.95247969031333923339e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('train/data_cost',5.95247969031333923339e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('neuron/activation',5.77878361780869084785e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',5.77878361780869084785e-02,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',0.0544484021679415,1795504427144,'74846a5783114a1a9b2cad88f52e55f3',19,0);
INSERT INTO "metrics" VALUES('train/cost',5.62747456133365631103e-02,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('train/data_cost',5.62747456133365631103e-02,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('train/penalty',0.0,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('neuron/activation',5.47206125375540100574e-02,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('neuron/gradient_w',5.47206125375540100574e-02,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('neuron/sigmoid_prime',5.17262671010688956929e-02,1795504427146,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('time/train_seconds',1.72789999987799092195e-03,1795504427411,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('time/evaluate_seconds',1.34528400076305842958e-03,1795504427411,'74846a5783114a1a9b2cad88f52e55f3',20,0);
INSERT INTO "metrics" VALUES('test/data_cost',5.62747456133365631103e-02,1795504427411,'74846a5783114a1a9b2cad88f52e55f3',20,0);
CREATE TABLE "model_definitions" (
	model_definition_id VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	secret_id VARCHAR(36), 
	provider VARCHAR(64) NOT NULL, 
	model_name VARCHAR(256) NOT NULL, 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_definitions_pk PRIMARY KEY (model_definition_id), 
	CONSTRAINT fk_model_definitions_secret_id FOREIGN KEY(secret_id) REFERENCES secrets (secret_id) ON DELETE SET NULL, 
	CONSTRAINT uq_model_definitions_workspace_name UNIQUE (workspace, name)
);
CREATE TABLE "model_version_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value TEXT, 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version), 
	CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY(workspace, name, version) REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE
);
CREATE TABLE "model_versions" (
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	user_id VARCHAR(256), 
	current_stage VARCHAR(20), 
	source VARCHAR(500), 
	run_id VARCHAR(32), 
	status VARCHAR(20), 
	status_message VARCHAR(500), 
	run_link VARCHAR(500), 
	storage_location VARCHAR(500), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version), 
	CONSTRAINT fk_model_versions_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
CREATE TABLE online_scoring_configs (
	online_scoring_config_id VARCHAR(36) NOT NULL, 
	scorer_id VARCHAR(36) NOT NULL, 
	sample_rate FLOAT NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	filter_string TEXT, 
	CONSTRAINT online_scoring_config_pk PRIMARY KEY (online_scoring_config_id), 
	CONSTRAINT fk_online_scoring_configs_scorer_id FOREIGN KEY(scorer_id) REFERENCES scorers (scorer_id) ON DELETE CASCADE, 
	CONSTRAINT fk_online_scoring_configs_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "params" VALUES('seed','0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('rng','pcg64','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('size','100','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('cost.name','crossentropy','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.name','l2','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.lmbda','0.01','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.lmbda_l1','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.max_norm','3.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.biases','false','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('data.name','mnist','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('data.root','null','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('data.n_train','100','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('data.n_validation','10000','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('data.subset','first','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('dropout.hidden','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('dropout.input','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('expand.name','none','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('expand.fixed','false','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('expand.angle','15.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('expand.alpha','36.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('expand.sigma','5.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('model.hidden','[4]','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('model.activation','sigmoid','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('init.name','scaled','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('init.weight','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('init.bias','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.epochs','3','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.batch_size','10','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.eta','0.5','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.momentum','0.0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.dtype','float64','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('train.schedule','constant','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('stop.name','none','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('stop.patience','10','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('monitor.test','epoch','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('monitor.every','1','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('sweep.workers','0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('sweep.fuse','auto','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('sweep.dry_run','false','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('sweep.engine','local','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('sweep.address','null','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('tracking.uri','null','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('tracking.experiment','nnexp','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('tracking.reuse','true','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('tracking.resume','true','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('tracking.artifacts','light','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('reg.lmbda_over_n','0.0001','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "params" VALUES('seed','0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('rng','pcg64','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('size','100','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('cost.name','crossentropy','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('reg.name','none','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('reg.lmbda','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('reg.lmbda_l1','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('reg.max_norm','3.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('reg.biases','false','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('data.name','mnist','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('data.root','null','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('data.n_train','100','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('data.n_validation','10000','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('data.subset','first','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('dropout.hidden','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('dropout.input','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('expand.name','none','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('expand.fixed','false','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('expand.angle','15.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('expand.alpha','36.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('expand.sigma','5.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('model.hidden','[4]','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('model.activation','sigmoid','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('init.name','scaled','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('init.weight','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('init.bias','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.epochs','3','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.batch_size','10','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.eta','0.5','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.momentum','0.0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.dtype','float64','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('train.schedule','constant','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('stop.name','none','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('stop.patience','10','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('monitor.test','end','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('monitor.every','1','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('sweep.workers','0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('sweep.fuse','auto','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('sweep.dry_run','false','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('sweep.engine','local','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('sweep.address','null','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('tracking.uri','null','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('tracking.experiment','nnexp','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('tracking.reuse','true','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('tracking.resume','true','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('tracking.artifacts','light','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "params" VALUES('seed','0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('rng','pcg64','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('size','100','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('cost.name','crossentropy','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('reg.name','none','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('reg.lmbda','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('reg.lmbda_l1','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('reg.max_norm','3.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('reg.biases','false','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('data.name','mnist','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('data.root','null','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('data.n_train','100','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('data.n_validation','10000','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('data.subset','first','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('dropout.hidden','0.5','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('dropout.input','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('expand.name','none','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('expand.fixed','false','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('expand.angle','15.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('expand.alpha','36.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('expand.sigma','5.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('model.hidden','[4]','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('model.activation','sigmoid','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('init.name','scaled','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('init.weight','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('init.bias','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.epochs','3','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.batch_size','10','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.eta','0.5','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.momentum','0.0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.dtype','float64','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('train.schedule','constant','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('stop.name','none','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('stop.patience','10','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('monitor.test','end','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('monitor.every','1','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('sweep.workers','0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('sweep.fuse','auto','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('sweep.dry_run','false','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('sweep.engine','local','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('sweep.address','null','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('tracking.uri','null','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('tracking.experiment','nnexp','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('tracking.reuse','true','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('tracking.resume','true','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('tracking.artifacts','light','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "params" VALUES('seed','0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('rng','pcg64','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('size','1','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('cost.name','crossentropy','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('reg.name','none','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('reg.lmbda','0.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('reg.lmbda_l1','0.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('reg.max_norm','3.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('reg.biases','false','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('data.name','neuron','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('data.root','null','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('data.n_train','1','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('data.n_validation','0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('data.subset','first','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('dropout.hidden','0.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('dropout.input','0.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('expand.name','none','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('expand.fixed','false','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('expand.angle','15.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('expand.alpha','36.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('expand.sigma','5.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('model.hidden','[]','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('model.activation','sigmoid','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('init.name','fixed','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('init.weight','0.6','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('init.bias','0.9','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.epochs','20','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.batch_size','1','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.eta','0.5','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.momentum','0.0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.dtype','float32','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('train.schedule','constant','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('stop.name','none','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('stop.patience','10','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('monitor.test','end','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('monitor.every','1','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('sweep.workers','0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('sweep.fuse','auto','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('sweep.dry_run','false','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('sweep.engine','local','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('sweep.address','null','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('tracking.uri','null','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('tracking.experiment','nnexp','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('tracking.reuse','true','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('tracking.resume','true','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "params" VALUES('tracking.artifacts','light','74846a5783114a1a9b2cad88f52e55f3');
CREATE TABLE "registered_model_aliases" (
	alias VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias), 
	CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE TABLE "registered_model_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, "key", name), 
	CONSTRAINT fk_registered_model_tags_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
CREATE TABLE "registered_models" (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);
CREATE TABLE review_queue_items (
	queue_id VARCHAR(36) NOT NULL, 
	item_type VARCHAR(16) NOT NULL, 
	item_id VARCHAR(50) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	completed_by VARCHAR(250), 
	completed_time_ms BIGINT, 
	creation_time_ms BIGINT NOT NULL, 
	last_update_time_ms BIGINT NOT NULL, 
	CONSTRAINT review_queue_items_pk PRIMARY KEY (queue_id, item_id), 
	CONSTRAINT fk_review_queue_items_queue_id FOREIGN KEY(queue_id) REFERENCES review_queues (queue_id) ON DELETE CASCADE
);
CREATE TABLE review_queue_label_schemas (
	queue_id VARCHAR(36) NOT NULL, 
	schema_id VARCHAR(36) NOT NULL, 
	CONSTRAINT review_queue_label_schemas_pk PRIMARY KEY (queue_id, schema_id), 
	CONSTRAINT fk_review_queue_label_schemas_queue_id FOREIGN KEY(queue_id) REFERENCES review_queues (queue_id) ON DELETE CASCADE
);
CREATE TABLE review_queue_users (
	queue_id VARCHAR(36) NOT NULL, 
	user_id VARCHAR(250) NOT NULL, 
	CONSTRAINT review_queue_users_pk PRIMARY KEY (queue_id, user_id), 
	CONSTRAINT fk_review_queue_users_queue_id FOREIGN KEY(queue_id) REFERENCES review_queues (queue_id) ON DELETE CASCADE
);
CREATE TABLE review_queues (
	queue_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	queue_type VARCHAR(16) NOT NULL, 
	created_by VARCHAR(255), 
	creation_time_ms BIGINT NOT NULL, 
	last_update_time_ms BIGINT NOT NULL, 
	name_key VARCHAR(250) NOT NULL, 
	CONSTRAINT review_queues_pk PRIMARY KEY (queue_id), 
	CONSTRAINT fk_review_queues_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE, 
	CONSTRAINT uq_review_queues_experiment_name_key UNIQUE (experiment_id, name_key)
);
CREATE TABLE "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
INSERT INTO "runs" VALUES('401148c498594e37b5f70a08bde0ef01','crossentropy l2 λ0.01 100 4 seed0','UNKNOWN','','','somebody','FINISHED',1795504390776,1795504392341,'','active','file://@FOLDER@/mlartifacts/401148c498594e37b5f70a08bde0ef01/artifacts',1,NULL);
INSERT INTO "runs" VALUES('9f0f7285c2be4b4f9a5b78686a198ea6','sweep of 2 runs','UNKNOWN','','','unknown','FINISHED',1795504404280,1795504414497,'','active','file://@FOLDER@/mlartifacts/9f0f7285c2be4b4f9a5b78686a198ea6/artifacts',1,NULL);
INSERT INTO "runs" VALUES('30ccf8a9a4ce41a9a903a5dc2a42a839','crossentropy 100 4 seed0','UNKNOWN','','','somebody','FINISHED',1795504406661,1795504411879,'','active','file://@FOLDER@/mlartifacts/30ccf8a9a4ce41a9a903a5dc2a42a839/artifacts',1,NULL);
INSERT INTO "runs" VALUES('270fd63f76fe47019e70fe89f10bcd66','crossentropy dropout 0.5/0 100 4 seed0','UNKNOWN','','','somebody','FINISHED',1795504406663,1795504412246,'','active','file://@FOLDER@/mlartifacts/270fd63f76fe47019e70fe89f10bcd66/artifacts',1,NULL);
INSERT INTO "runs" VALUES('74846a5783114a1a9b2cad88f52e55f3','crossentropy neuron fixed w0.6 b0.9 seed0','UNKNOWN','','','somebody','FINISHED',1795504426908,1795504427411,'','active','file://@FOLDER@/mlartifacts/74846a5783114a1a9b2cad88f52e55f3/artifacts',1,NULL);
CREATE TABLE scheduler_leases (
	lease_key VARCHAR(255) NOT NULL, 
	acquired_at BIGINT NOT NULL, 
	ttl_seconds INTEGER NOT NULL, 
	CONSTRAINT scheduler_leases_pk PRIMARY KEY (lease_key)
);
CREATE TABLE scorer_versions (
	scorer_id VARCHAR(36) NOT NULL, 
	scorer_version INTEGER NOT NULL, 
	serialized_scorer TEXT NOT NULL, 
	creation_time BIGINT, 
	CONSTRAINT scorer_version_pk PRIMARY KEY (scorer_id, scorer_version), 
	CONSTRAINT fk_scorer_versions_scorer_id FOREIGN KEY(scorer_id) REFERENCES scorers (scorer_id) ON DELETE CASCADE
);
CREATE TABLE scorers (
	experiment_id INTEGER NOT NULL, 
	scorer_name VARCHAR(256) NOT NULL, 
	scorer_id VARCHAR(36) NOT NULL, 
	CONSTRAINT scorer_pk PRIMARY KEY (scorer_id), 
	CONSTRAINT fk_scorers_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE "secrets" (
	secret_id VARCHAR(36) NOT NULL, 
	secret_name VARCHAR(255) NOT NULL, 
	encrypted_value BLOB NOT NULL, 
	wrapped_dek BLOB NOT NULL, 
	kek_version INTEGER NOT NULL, 
	masked_value VARCHAR(500) NOT NULL, 
	provider VARCHAR(64), 
	auth_config TEXT, 
	description TEXT, 
	created_by VARCHAR(255), 
	created_at BIGINT NOT NULL, 
	last_updated_by VARCHAR(255), 
	last_updated_at BIGINT NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT secrets_pk PRIMARY KEY (secret_id), 
	CONSTRAINT uq_secrets_workspace_secret_name UNIQUE (workspace, secret_name)
);
CREATE TABLE span_metrics (
	trace_id VARCHAR(50) NOT NULL, 
	span_id VARCHAR(50) NOT NULL, 
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT, 
	CONSTRAINT span_metrics_pk PRIMARY KEY (trace_id, span_id, "key"), 
	CONSTRAINT fk_span_metrics_span FOREIGN KEY(trace_id, span_id) REFERENCES spans (trace_id, span_id) ON DELETE CASCADE
);
CREATE TABLE "spans" (
	trace_id VARCHAR(50) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	span_id VARCHAR(50) NOT NULL, 
	parent_span_id VARCHAR(50), 
	name TEXT, 
	type VARCHAR(500), 
	status VARCHAR(50) NOT NULL, 
	start_time_unix_nano BIGINT NOT NULL, 
	end_time_unix_nano BIGINT, 
	duration_ns BIGINT GENERATED ALWAYS AS (end_time_unix_nano - start_time_unix_nano) STORED, 
	content TEXT NOT NULL, 
	input_cost FLOAT, 
	output_cost FLOAT, 
	total_cost FLOAT, 
	model_name VARCHAR(500), 
	model_provider VARCHAR(500), 
	CONSTRAINT spans_pk PRIMARY KEY (trace_id, span_id), 
	CONSTRAINT fk_spans_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CONSTRAINT fk_spans_trace_id FOREIGN KEY(trace_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE sql_assessment_daily_rollups (
	id INTEGER NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	rollup_day DATE NOT NULL, 
	metric_name VARCHAR(250) NOT NULL, 
	grouping_set VARCHAR(50) NOT NULL, 
	sample_count BIGINT NOT NULL, 
	sum_value FLOAT, 
	min_value FLOAT, 
	max_value FLOAT, 
	CONSTRAINT sql_assessment_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_span_cost_daily_rollups (
	id INTEGER NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	rollup_day DATE NOT NULL, 
	metric_name VARCHAR(250) NOT NULL, 
	grouping_set VARCHAR(50) NOT NULL, 
	model_name VARCHAR(500), 
	model_provider VARCHAR(500), 
	sample_count BIGINT NOT NULL, 
	sum_value FLOAT, 
	min_value FLOAT, 
	max_value FLOAT, 
	CONSTRAINT sql_span_cost_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_trace_metric_daily_rollups (
	id INTEGER NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	rollup_day DATE NOT NULL, 
	metric_name VARCHAR(250) NOT NULL, 
	grouping_set VARCHAR(50) NOT NULL, 
	trace_status VARCHAR(50), 
	sample_count BIGINT NOT NULL, 
	sum_value FLOAT, 
	min_value FLOAT, 
	max_value FLOAT, 
	p50_value FLOAT, 
	p90_value FLOAT, 
	p99_value FLOAT, 
	CONSTRAINT sql_trace_metric_daily_rollups_pk PRIMARY KEY (id)
);
CREATE TABLE sql_trace_rollup_rebuild_queue (
	experiment_id INTEGER NOT NULL, 
	rollup_day DATE NOT NULL, 
	rollup_family VARCHAR(50) NOT NULL, 
	CONSTRAINT sql_trace_rollup_rebuild_queue_pk PRIMARY KEY (experiment_id, rollup_day, rollup_family)
);
CREATE TABLE "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "tags" VALUES('mlflow.source.name','nnexp','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('mlflow.user','somebody','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.kind','run','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.schema','1','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.fingerprint','622929a01ec7e217bb040070d6edc221be9473435cc127e1c1bfeaeead899f92','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.source','1efc0d75eac947b7ba73bd1a5197be7503530e099ad18bd8196a7a2d5a65f1ee','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.data','48b045d52f541fb70f3f0c18deac7f52c7542b911fd5b53be4eb2d984cbbc284','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.command','python -m nnexp reg=l2 size=100 ''model.hidden=[4]'' train.epochs=3 train.dtype=float64 monitor.test=epoch','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.host','somewhere','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.pid','13301','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.pid_started','153074','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.heartbeat','1795504390891','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('mlflow.runName','crossentropy l2 λ0.01 100 4 seed0','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.weights_sha256','e8c3fcd943a67072f874336dac3a752ae2b94c75aee5dcb5bb9d64f06bc74e9f','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.epochs','3','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('mlflow.note.content','crossentropy l2 λ0.01 100 4 seed0: best/validation_accuracy 24.67%, gap/final 7.39%','401148c498594e37b5f70a08bde0ef01');
INSERT INTO "tags" VALUES('nnexp.kind','sweep','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.sweep_key','b763a13c5b1c6d20c022e036d8512c502ce8fe4f6ead28076bb4bd267e2a8194','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('mlflow.source.name','nnexp','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.host','somewhere','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.pid','13436','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.pid_started','155133','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.heartbeat','1795504404280','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.command','python -m nnexp -m size=100 train.epochs=3 ''model.hidden=[4]'' dropout=off,half train.dtype=float64 tracking.artifacts=light','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('nnexp.total','2','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('mlflow.runName','sweep of 2 runs','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('mlflow.source.name','nnexp','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('mlflow.user','somebody','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.kind','run','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.schema','1','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.fingerprint','94d2e7b7217e826da3e02961d42b6eeb57586644692dd631ca589185c7750e6a','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.source','1efc0d75eac947b7ba73bd1a5197be7503530e099ad18bd8196a7a2d5a65f1ee','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.data','48b045d52f541fb70f3f0c18deac7f52c7542b911fd5b53be4eb2d984cbbc284','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.command','python -m nnexp size=100 ''model.hidden=[4]'' train.epochs=3 train.dtype=float64','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.host','somewhere','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.pid','13436','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.pid_started','155133','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.heartbeat','1795504411676','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.sweep','9f0f7285c2be4b4f9a5b78686a198ea6','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('mlflow.parentRunId','9f0f7285c2be4b4f9a5b78686a198ea6','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.weights_sha256','dd6fd135cd59fe14cad7a9d685114a9c1afdacca0914320f591d5c54482658f2','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('nnexp.epochs','3','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('mlflow.note.content','crossentropy 100 4 seed0: test/accuracy 23.63%, best/validation_accuracy 24.67%, gap/final 7.37%','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('mlflow.runName','crossentropy 100 4 seed0','30ccf8a9a4ce41a9a903a5dc2a42a839');
INSERT INTO "tags" VALUES('mlflow.source.name','nnexp','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('mlflow.user','somebody','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.kind','run','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.schema','1','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.fingerprint','2a082a15a7744afa6dbc7993897da6645061eccfb8f24daff0539abc8fb33b23','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.source','1efc0d75eac947b7ba73bd1a5197be7503530e099ad18bd8196a7a2d5a65f1ee','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.data','48b045d52f541fb70f3f0c18deac7f52c7542b911fd5b53be4eb2d984cbbc284','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.command','python -m nnexp dropout=half size=100 ''model.hidden=[4]'' train.epochs=3 train.dtype=float64','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.host','somewhere','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.pid','13436','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.pid_started','155133','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.heartbeat','1795504412108','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.sweep','9f0f7285c2be4b4f9a5b78686a198ea6','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('mlflow.parentRunId','9f0f7285c2be4b4f9a5b78686a198ea6','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.weights_sha256','59e59caa6a0d3742f4f9027d82dbcb3cc053d6cc3c931d406dd6c361bdcb2457','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.epochs','3','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('mlflow.note.content','crossentropy dropout 0.5/0 100 4 seed0: test/accuracy 20.07%, best/validation_accuracy 21.64%, gap/final 7.93%','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('mlflow.runName','crossentropy dropout 0.5/0 100 4 seed0','270fd63f76fe47019e70fe89f10bcd66');
INSERT INTO "tags" VALUES('nnexp.reused','0','9f0f7285c2be4b4f9a5b78686a198ea6');
INSERT INTO "tags" VALUES('mlflow.source.name','nnexp','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('mlflow.user','somebody','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.kind','run','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.schema','1','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.fingerprint','a995f970c2c3f8fb60de601a995695e0809351c8f4012ce92544dec3bc1abb78','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.source','1efc0d75eac947b7ba73bd1a5197be7503530e099ad18bd8196a7a2d5a65f1ee','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.data','ccdc563d6ec3fc90e2b01a36c3fdb0d544c8146971f1ae3798e2f19c7773840a','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.command','python -m nnexp data=neuron init=fixed init.weight=0.6 init.bias=0.9 train.epochs=20','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.host','somewhere','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.pid','13519','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.pid_started','157495','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.heartbeat','1795504427004','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('mlflow.runName','crossentropy neuron fixed w0.6 b0.9 seed0','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.weights_sha256','ec9280a4cb1e68c48feca088bdcdd3bd383d935720f6316b08d3c8c7240b9c57','74846a5783114a1a9b2cad88f52e55f3');
INSERT INTO "tags" VALUES('nnexp.epochs','20','74846a5783114a1a9b2cad88f52e55f3');
CREATE TABLE "trace_info" (
	request_id VARCHAR(50) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	timestamp_ms BIGINT NOT NULL, 
	execution_time_ms BIGINT, 
	status VARCHAR(50) NOT NULL, 
	client_request_id VARCHAR(50), 
	request_preview VARCHAR(1000), 
	response_preview VARCHAR(1000), 
	db_payload_generation INTEGER DEFAULT '0' NOT NULL, trace_name VARCHAR(4096), session_id VARCHAR(250), input_tokens BIGINT, output_tokens BIGINT, total_tokens BIGINT, cache_read_input_tokens BIGINT, cache_creation_input_tokens BIGINT, cache_creation_input_tokens_above_1hr BIGINT, input_cost FLOAT, output_cost FLOAT, total_cost FLOAT, 
	CONSTRAINT trace_info_pk PRIMARY KEY (request_id), 
	CONSTRAINT fk_trace_info_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
CREATE TABLE trace_metrics (
	request_id VARCHAR(50) NOT NULL, 
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT, 
	CONSTRAINT trace_metrics_pk PRIMARY KEY (request_id, "key"), 
	CONSTRAINT fk_trace_metrics_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE "trace_request_metadata" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	request_id VARCHAR(50) NOT NULL, 
	CONSTRAINT trace_request_metadata_pk PRIMARY KEY ("key", request_id), 
	CONSTRAINT fk_trace_request_metadata_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE "trace_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	request_id VARCHAR(50) NOT NULL, 
	CONSTRAINT trace_tag_pk PRIMARY KEY ("key", request_id), 
	CONSTRAINT fk_trace_tags_request_id FOREIGN KEY(request_id) REFERENCES trace_info (request_id) ON DELETE CASCADE
);
CREATE TABLE webhook_events (
	webhook_id VARCHAR(256) NOT NULL, 
	entity VARCHAR(50) NOT NULL, 
	action VARCHAR(50) NOT NULL, 
	CONSTRAINT webhook_event_pk PRIMARY KEY (webhook_id, entity, action), 
	FOREIGN KEY(webhook_id) REFERENCES webhooks (webhook_id) ON DELETE cascade
);
CREATE TABLE "webhooks" (
	webhook_id VARCHAR(256) NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	description VARCHAR(1000), 
	url VARCHAR(500) NOT NULL, 
	status VARCHAR(20) DEFAULT 'ACTIVE' NOT NULL, 
	secret VARCHAR(1000), 
	creation_timestamp BIGINT, 
	last_updated_timestamp BIGINT, 
	deleted_timestamp BIGINT, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT webhook_pk PRIMARY KEY (webhook_id)
);
CREATE TABLE workspaces (
	name VARCHAR(63) NOT NULL, 
	description TEXT, 
	default_artifact_root TEXT, trace_archival_location TEXT, trace_archival_retention VARCHAR(32), 
	CONSTRAINT workspaces_pk PRIMARY KEY (name)
);
INSERT INTO "workspaces" VALUES('default','Default workspace for legacy resources',NULL,NULL,NULL);
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE INDEX index_latest_metrics_run_uuid ON latest_metrics (run_uuid);
CREATE INDEX index_inputs_destination_type_destination_id_source_type ON inputs (destination_type, destination_id, source_type);
CREATE INDEX index_inputs_input_uuid ON inputs (input_uuid);
CREATE INDEX index_params_run_uuid ON params (run_uuid);
CREATE INDEX index_trace_tags_request_id ON trace_tags (request_id);
CREATE INDEX index_trace_request_metadata_request_id ON trace_request_metadata (request_id);
CREATE INDEX index_tags_run_uuid ON tags (run_uuid);
CREATE INDEX index_datasets_experiment_id_dataset_source_type ON datasets (experiment_id, dataset_source_type);
CREATE INDEX index_datasets_dataset_uuid ON datasets (dataset_uuid);
CREATE INDEX index_logged_model_metrics_model_id ON logged_model_metrics (model_id);
CREATE INDEX index_entity_associations_association_id ON entity_associations (association_id);
CREATE INDEX index_entity_associations_reverse_lookup ON entity_associations (destination_type, destination_id, source_type, source_id);
CREATE INDEX idx_webhook_events_entity ON webhook_events (entity);
CREATE INDEX idx_webhook_events_action ON webhook_events (action);
CREATE INDEX idx_webhook_events_entity_action ON webhook_events (entity, action);
CREATE UNIQUE INDEX index_scorers_experiment_id_scorer_name ON scorers (experiment_id, scorer_name);
CREATE INDEX index_scorer_versions_scorer_id ON scorer_versions (scorer_id);
CREATE INDEX index_evaluation_dataset_tags_dataset_id ON evaluation_dataset_tags (dataset_id);
CREATE INDEX index_evaluation_dataset_records_dataset_id ON evaluation_dataset_records (dataset_id);
CREATE INDEX index_endpoint_model_mappings_endpoint_id ON endpoint_model_mappings (endpoint_id);
CREATE INDEX index_endpoint_model_mappings_model_definition_id ON endpoint_model_mappings (model_definition_id);
CREATE INDEX index_endpoint_tags_endpoint_id ON endpoint_tags (endpoint_id);
CREATE INDEX index_trace_metrics_request_id ON trace_metrics (request_id);
CREATE UNIQUE INDEX unique_endpoint_model_linkage_mapping ON endpoint_model_mappings (endpoint_id, model_definition_id, linkage_type);
CREATE INDEX index_span_metrics_trace_id_span_id ON span_metrics (trace_id, span_id);
CREATE INDEX index_evaluation_datasets_name ON evaluation_datasets (name);
CREATE INDEX index_evaluation_datasets_created_time ON evaluation_datasets (created_time);
CREATE INDEX idx_webhooks_name ON webhooks (name);
CREATE INDEX idx_webhooks_status ON webhooks (status);
CREATE TRIGGER prevent_secrets_aad_mutation
BEFORE UPDATE ON secrets
FOR EACH ROW
WHEN OLD.secret_id != NEW.secret_id OR OLD.secret_name != NEW.secret_name
BEGIN
    SELECT RAISE(ABORT, 'secret_id and secret_name are immutable (used as AAD in encryption)');
END;
CREATE INDEX index_model_definitions_provider ON model_definitions (provider);
CREATE INDEX index_model_definitions_secret_id ON model_definitions (secret_id);
CREATE INDEX index_jobs_name_status_creation_time ON jobs (job_name, workspace, status, creation_time);
CREATE INDEX idx_experiments_workspace ON experiments (workspace);
CREATE INDEX idx_registered_models_workspace ON registered_models (workspace);
CREATE INDEX idx_experiments_workspace_creation_time ON experiments (workspace, creation_time);
CREATE INDEX idx_evaluation_datasets_workspace ON evaluation_datasets (workspace);
CREATE INDEX idx_webhooks_workspace ON webhooks (workspace);
CREATE INDEX idx_secrets_workspace ON secrets (workspace);
CREATE INDEX idx_endpoints_workspace ON endpoints (workspace);
CREATE INDEX idx_model_definitions_workspace ON model_definitions (workspace);
CREATE INDEX idx_budget_policies_workspace ON budget_policies (workspace);
CREATE INDEX index_issues_experiment_id ON issues (experiment_id);
CREATE INDEX index_issues_source_run_id ON issues (source_run_id);
CREATE INDEX index_issues_status ON issues (status);
CREATE INDEX index_metrics_run_uuid_key_step ON metrics (run_uuid, "key", step);
CREATE INDEX idx_guardrails_workspace ON guardrails (workspace);
CREATE INDEX idx_guardrails_scorer ON guardrails (scorer_id, scorer_version);
CREATE INDEX idx_guardrail_configs_endpoint_id ON guardrail_configs (endpoint_id);
CREATE INDEX idx_guardrail_configs_guardrail_id ON guardrail_configs (guardrail_id);
CREATE INDEX idx_model_version_tags_workspace_name_version ON model_version_tags (workspace, name, version);
CREATE INDEX idx_registered_model_tags_workspace_name ON registered_model_tags (workspace, name);
CREATE INDEX index_label_schemas_experiment_id ON label_schemas (experiment_id);
CREATE INDEX index_review_queues_experiment_id ON review_queues (experiment_id);
CREATE INDEX index_review_queue_users_user_id ON review_queue_users (user_id);
CREATE INDEX index_review_queue_items_queue_id_status ON review_queue_items (queue_id, status);
CREATE INDEX index_review_queue_items_item_id ON review_queue_items (item_id);
CREATE INDEX index_review_queue_label_schemas_schema_id ON review_queue_label_schemas (schema_id);
CREATE INDEX idx_mcp_server_versions_latest ON mcp_server_versions (workspace, name, status, version_major DESC, version_minor DESC, version_patch DESC);
CREATE INDEX ix_mcp_access_endpoints_server_name ON mcp_access_endpoints (workspace, server_name);
CREATE INDEX ix_mcp_access_endpoints_version ON mcp_access_endpoints (workspace, server_name, server_version);
CREATE INDEX ix_mcp_access_endpoints_alias ON mcp_access_endpoints (workspace, server_name, server_alias);
CREATE INDEX idx_budget_policies_target_value ON budget_policies (target_value);
CREATE INDEX index_trace_info_experiment_id_timestamp_ms ON trace_info (experiment_id, timestamp_ms);
CREATE INDEX index_trace_info_timestamp_ms_request_id ON trace_info (timestamp_ms, request_id);
CREATE INDEX index_assessments_last_updated_timestamp ON assessments (last_updated_timestamp);
CREATE INDEX index_assessments_trace_id_created_timestamp ON assessments (trace_id, created_timestamp);
CREATE INDEX index_assessments_assessment_type ON assessments (assessment_type);
CREATE INDEX index_assessments_run_id_created_timestamp ON assessments (run_id, created_timestamp);
CREATE INDEX index_spans_experiment_id_start_time ON spans (experiment_id, start_time_unix_nano);
CREATE INDEX index_spans_experiment_id_type_status ON spans (experiment_id, type, status);
CREATE INDEX index_spans_experiment_id_duration ON spans (experiment_id, duration_ns);
CREATE INDEX index_spans_experiment_id_status_type ON spans (experiment_id, status, type);
CREATE INDEX index_trace_info_experiment_id_session_id ON trace_info (experiment_id, session_id);
CREATE INDEX idx_trace_rollups_lookup ON sql_trace_metric_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set, trace_status);
CREATE INDEX idx_span_cost_rollups_lookup ON sql_span_cost_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set, model_name, model_provider);
CREATE INDEX idx_assessment_rollups_lookup ON sql_assessment_daily_rollups (experiment_id, rollup_day, metric_name, grouping_set);
CREATE INDEX idx_spans_cost_trace_time_cover ON spans (trace_id, start_time_unix_nano);
CREATE INDEX idx_spans_cost_exp_time_cover ON spans (experiment_id, start_time_unix_nano);
CREATE INDEX idx_assessments_exp_trace_ts ON assessments (experiment_id, trace_timestamp_ms);
CREATE INDEX idx_assessments_exp_trace_ts_name ON assessments (experiment_id, trace_timestamp_ms, name);
CREATE INDEX idx_assessments_exp_name_valid ON assessments (experiment_id, name, valid);
CREATE INDEX index_job_locks_job_id ON job_locks (job_id);
CREATE INDEX index_jobs_status_lease_expires_at ON jobs (status, lease_expires_at);
COMMIT;
