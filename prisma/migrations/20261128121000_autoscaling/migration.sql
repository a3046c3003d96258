-- AlterTable
ALTER TABLE "pools" ADD COLUMN "autoscale" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "pools" ADD COLUMN "scaled_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "pool_events" (
    "seq" BIGSERIAL NOT NULL,
    "pool_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pool_events_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE INDEX "pool_events_pool_id_seq_idx" ON "pool_events"("pool_id", "seq");

-- CreateIndex
CREATE INDEX "attempts_pool_id_ended_at_idx" ON "attempts"("pool_id", "ended_at");
