-- AlterTable
ALTER TABLE "jobs" ADD COLUMN "is_drained" BOOLEAN NOT NULL DEFAULT false;
