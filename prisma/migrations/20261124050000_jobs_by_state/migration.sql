-- CreateIndex
CREATE INDEX "jobs_project_id_status_created_at_id_idx" ON "jobs"("project_id", "status", "created_at", "id");
