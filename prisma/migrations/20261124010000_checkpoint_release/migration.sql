-- The states of old checkpoints are deleted; their rows, and the weights that users may load, stay.
ALTER TABLE "checkpoints" ADD COLUMN "state_released_at" TIMESTAMPTZ(3);

-- Whether any other checkpoint still needs a state: jobs that train the same thing share it by content.
CREATE INDEX "checkpoints_kept_state_idx" ON "checkpoints"(("state"->>'sha256')) WHERE "state_released_at" IS NULL;
