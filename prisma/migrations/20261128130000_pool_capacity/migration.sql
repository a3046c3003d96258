-- CreateTable
CREATE TABLE "pool_capacities" (
    "pool_id" TEXT NOT NULL,
    "slots" INTEGER NOT NULL,
    "nodes" INTEGER NOT NULL,
    "closed_nodes" INTEGER NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pool_capacities_pkey" PRIMARY KEY ("pool_id")
);
