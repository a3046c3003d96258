-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "api_key_role" AS ENUM ('viewer', 'submitter', 'operator', 'admin');

-- CreateEnum
CREATE TYPE "file_status" AS ENUM ('uploaded', 'processed', 'error');

-- CreateEnum
CREATE TYPE "model_kind" AS ENUM ('base', 'fine-tuned');

-- CreateEnum
CREATE TYPE "training_method" AS ENUM ('lora', 'full');

-- CreateEnum
CREATE TYPE "launcher_kind" AS ENUM ('kubernetes', 'process');

-- CreateEnum
CREATE TYPE "job_status" AS ENUM ('queued', 'starting', 'running', 'pausing', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "attempt_state" AS ENUM ('intended', 'launched', 'ended');

-- CreateEnum
CREATE TYPE "severity" AS ENUM ('info', 'warn', 'error');

-- CreateEnum
CREATE TYPE "event_type" AS ENUM ('message', 'metrics');

-- CreateTable
CREATE TABLE "projects" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "api_key_role" NOT NULL,
    "sha256" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "files" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "filename" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" TEXT NOT NULL,
    "status" "file_status" NOT NULL,
    "status_details" TEXT,
    "report" JSONB,
    "fingerprints" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "files_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "models" (
    "id" TEXT NOT NULL,
    "kind" "model_kind" NOT NULL,
    "project_id" TEXT,
    "base" TEXT,
    "job_id" TEXT,
    "method" "training_method",
    "artifacts" JSONB NOT NULL,
    "config" JSONB NOT NULL,
    "parameter_count" BIGINT,
    "owned_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pools" (
    "id" TEXT NOT NULL,
    "launcher" "launcher_kind" NOT NULL,
    "max_workers" INTEGER NOT NULL,
    "min_ready" INTEGER NOT NULL DEFAULT 0,
    "gpus_per_worker" INTEGER NOT NULL DEFAULT 0,
    "price_per_gpu_hour" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "memory_mib" INTEGER,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pools_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "jobs" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "status" "job_status" NOT NULL DEFAULT 'queued',
    "version" INTEGER NOT NULL DEFAULT 0,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "max_attempts" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "priority" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "reason" TEXT,
    "message" TEXT,
    "not_before" TIMESTAMPTZ(3),
    "progress" JSONB,
    "fine_tuned_model" TEXT,
    "trained_tokens" BIGINT,
    "metadata" JSONB,
    "estimate" JSONB NOT NULL,
    "gpu_seconds" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "cost_usd" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "result" JSONB,
    "body_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_events" (
    "seq" BIGSERIAL NOT NULL,
    "job_id" TEXT NOT NULL,
    "level" "severity" NOT NULL DEFAULT 'info',
    "type" "event_type" NOT NULL DEFAULT 'message',
    "message" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "job_events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "attempts" (
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "state" "attempt_state" NOT NULL,
    "pool_id" TEXT NOT NULL,
    "workers" INTEGER NOT NULL,
    "billed_units" INTEGER NOT NULL,
    "price_per_gpu_hour" DOUBLE PRECISION NOT NULL,
    "token_hash" TEXT,
    "status_message" TEXT,
    "reason" TEXT,
    "message" TEXT,
    "exit_code" INTEGER,
    "last_step" INTEGER,
    "intended_at" TIMESTAMPTZ(3) NOT NULL,
    "launched_at" TIMESTAMPTZ(3),
    "stop_requested_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("job_id","attempt")
);

-- CreateTable
CREATE TABLE "reservations" (
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "pool_id" TEXT NOT NULL,
    "workers" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reservations_pkey" PRIMARY KEY ("job_id")
);

-- CreateTable
CREATE TABLE "step_metrics" (
    "job_id" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "attempt" INTEGER NOT NULL,
    "epoch" DOUBLE PRECISION,
    "train_loss" DOUBLE PRECISION,
    "learning_rate" DOUBLE PRECISION,
    "grad_norm" DOUBLE PRECISION,
    "tokens" INTEGER,
    "tokens_per_second" DOUBLE PRECISION,
    "memory_bytes" BIGINT,
    "elapsed_ms" DOUBLE PRECISION,
    "eval_loss" DOUBLE PRECISION,
    "token_accuracy" DOUBLE PRECISION,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "step_metrics_pkey" PRIMARY KEY ("job_id","step")
);

-- CreateTable
CREATE TABLE "base_evaluations" (
    "job_id" TEXT NOT NULL,
    "figures" JSONB NOT NULL,
    "outputs" JSONB NOT NULL,

    CONSTRAINT "base_evaluations_pkey" PRIMARY KEY ("job_id")
);

-- CreateTable
CREATE TABLE "checkpoints" (
    "id" TEXT NOT NULL,
    "job_id" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "state" JSONB NOT NULL,
    "adapter" JSONB NOT NULL,
    "metrics" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "log_lines" (
    "seq" BIGSERIAL NOT NULL,
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "rank" INTEGER NOT NULL,
    "level" "severity" NOT NULL,
    "message" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "log_lines_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "report_positions" (
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "rank" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "report_positions_pkey" PRIMARY KEY ("job_id","attempt","rank")
);

-- CreateTable
CREATE TABLE "heartbeats" (
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "rank" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "heartbeats_pkey" PRIMARY KEY ("job_id","attempt","rank")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "project_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "job_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("project_id","key")
);

-- CreateTable
CREATE TABLE "usage" (
    "job_id" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "project_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "gpu_seconds" DOUBLE PRECISION NOT NULL,
    "cost_usd" DOUBLE PRECISION NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_pkey" PRIMARY KEY ("job_id","attempt")
);

-- CreateIndex
CREATE UNIQUE INDEX "projects_name_key" ON "projects"("name");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_sha256_key" ON "api_keys"("sha256");

-- CreateIndex
CREATE INDEX "api_keys_project_id_created_at_id_idx" ON "api_keys"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "files_project_id_created_at_id_idx" ON "files"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "files_sha256_idx" ON "files"("sha256");

-- CreateIndex
CREATE UNIQUE INDEX "models_job_id_key" ON "models"("job_id");

-- CreateIndex
CREATE INDEX "models_project_id_created_at_id_idx" ON "models"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "jobs_project_id_created_at_id_idx" ON "jobs"("project_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "jobs_created_at_id_idx" ON "jobs"("created_at", "id");

-- CreateIndex
CREATE INDEX "jobs_status_id_idx" ON "jobs"("status", "id");

-- CreateIndex
CREATE INDEX "jobs_pool_id_status_priority_queued_at_id_idx" ON "jobs"("pool_id", "status", "priority", "queued_at", "id");

-- CreateIndex
CREATE INDEX "jobs_project_id_body_hash_created_at_idx" ON "jobs"("project_id", "body_hash", "created_at");

-- CreateIndex
CREATE INDEX "jobs_metadata_idx" ON "jobs" USING GIN ("metadata" jsonb_path_ops);

-- CreateIndex
CREATE INDEX "job_events_job_id_seq_idx" ON "job_events"("job_id", "seq");

-- CreateIndex
CREATE INDEX "attempts_state_job_id_attempt_idx" ON "attempts"("state", "job_id", "attempt");

-- CreateIndex
CREATE INDEX "reservations_pool_id_idx" ON "reservations"("pool_id");

-- CreateIndex
CREATE INDEX "step_metrics_job_id_seq_idx" ON "step_metrics"("job_id", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "checkpoints_job_id_step_key" ON "checkpoints"("job_id", "step");

-- CreateIndex
CREATE INDEX "log_lines_job_id_attempt_seq_idx" ON "log_lines"("job_id", "attempt", "seq");

-- CreateIndex
CREATE INDEX "log_lines_job_id_seq_idx" ON "log_lines"("job_id", "seq");

-- CreateIndex
CREATE INDEX "usage_project_id_ended_at_idx" ON "usage"("project_id", "ended_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "files" ADD CONSTRAINT "files_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reservations" ADD CONSTRAINT "reservations_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage" ADD CONSTRAINT "usage_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
