"""The record: MLflow runs, fingerprints, environment, figures, the model."""
