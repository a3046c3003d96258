-- What each job has written: its reports may name these artifacts and no other's.
CREATE TABLE "job_artifacts" (
    "job_id" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "job_artifacts_pkey" PRIMARY KEY ("job_id","sha256")
);

-- AddForeignKey
ALTER TABLE "job_artifacts" ADD CONSTRAINT "job_artifacts_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
