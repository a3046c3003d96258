-- Requests that a client library may repeat without a key: the newest job of each body. Two APIs that get a request and its repetition at the
-- same time meet at the primary key.
CREATE TABLE "submission_claims" (
    "project_id" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "job_id" TEXT NOT NULL,
    "by_retry" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "submission_claims_pkey" PRIMARY KEY ("project_id","body_hash")
);

-- CreateIndex
CREATE INDEX "submission_claims_created_at_idx" ON "submission_claims"("created_at");

-- Repetitions were found by it; the claims do that now.
DROP INDEX "jobs_project_id_body_hash_created_at_idx";
