-- The job that this one repeats.
ALTER TABLE "jobs" ADD COLUMN "retry_of" TEXT;
