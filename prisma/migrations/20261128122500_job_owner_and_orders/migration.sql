-- The name of the key that submitted the job.
ALTER TABLE "jobs" ADD COLUMN "owner" TEXT;

CREATE INDEX "jobs_project_id_owner_created_at_id_idx" ON "jobs"("project_id", "owner", "created_at", "id");
CREATE INDEX "jobs_project_id_priority_queued_at_id_idx" ON "jobs"("project_id", "priority", "queued_at", "id");

-- How long a job waited for its first start; those that wait still come before all others, the oldest first.
CREATE INDEX "jobs_wait_idx" ON "jobs"("project_id", (CASE WHEN "started_at" IS NOT NULL THEN "started_at" - "created_at" WHEN "finished_at" IS NOT NULL THEN "finished_at" - "created_at" ELSE interval '36500 days' - ("created_at" - timestamptz '2020-01-01 00:00:00+00') END), "id");

-- How long it took from its first start to its end.
CREATE INDEX "jobs_duration_idx" ON "jobs"("project_id", ("finished_at" - "started_at"), "id") WHERE "finished_at" IS NOT NULL AND "started_at" IS NOT NULL;
