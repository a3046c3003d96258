-- Whether anything still refers to a blob of the artifact store is asked for every blob, again and again.
CREATE INDEX "job_artifacts_sha256_idx" ON "job_artifacts"("sha256");
CREATE INDEX "files_fingerprints_idx" ON "files"("fingerprints");
CREATE INDEX "models_artifacts_idx" ON "models" USING GIN ("artifacts" jsonb_path_ops);
CREATE INDEX "checkpoints_adapter_idx" ON "checkpoints" USING GIN ("adapter" jsonb_path_ops);

-- Keys that are too old to be repeated are deleted in batches.
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");
