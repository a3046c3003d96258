-- What a project may use; null is as much as there is.
ALTER TABLE "projects" ADD COLUMN "max_concurrent_gpus" INTEGER;
ALTER TABLE "projects" ADD COLUMN "max_queued_jobs" INTEGER;
ALTER TABLE "projects" ADD COLUMN "monthly_budget_usd" DOUBLE PRECISION;

-- Why a queued job has no queue entry: its project holds all that it may.
ALTER TABLE "jobs" ADD COLUMN "hold_message" TEXT;

CREATE INDEX "jobs_held_idx" ON "jobs"("project_id", "priority", "queued_at", "id") WHERE "hold_message" IS NOT NULL;

-- The order of waiting, without those that are held back.
CREATE INDEX "jobs_waiting_idx" ON "jobs"("pool_id", "priority", "queued_at", "id") WHERE "status" = 'queued' AND "hold_message" IS NULL;
