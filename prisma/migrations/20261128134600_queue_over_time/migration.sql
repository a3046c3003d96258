-- CreateIndex
CREATE INDEX "jobs_project_id_started_at_idx" ON "jobs"("project_id", "started_at");
