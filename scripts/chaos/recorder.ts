import pg from 'pg';

/**
 * A second pair of eyes in the database itself: triggers that write down, in the order of the commits, every change of status, every move
 * of a rank's report position and every step. What a later report overwrites stays readable here. All writers of a job hold its row's lock,
 * so the numbers drawn here follow the order of their commits.
 */
const RECORDER = `
CREATE SCHEMA chaos;

CREATE TABLE chaos.statuses (place bigserial, job_id text, status text);
CREATE FUNCTION chaos.record_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' OR NEW.status <> OLD.status THEN
    INSERT INTO chaos.statuses (job_id, status) VALUES (NEW.id, NEW.status::text);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_status AFTER INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos.record_status();

CREATE TABLE chaos.accepted (place bigserial, job_id text, attempt int, was int, sequence int, owner int, attempt_state text);
CREATE FUNCTION chaos.record_accepted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO chaos.accepted (job_id, attempt, was, sequence, owner, attempt_state)
  SELECT NEW.job_id, NEW.attempt, OLD.sequence, NEW.sequence, j.attempt, a.state::text
  FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.attempt = NEW.attempt WHERE j.id = NEW.job_id;
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_accepted AFTER UPDATE ON report_positions FOR EACH ROW EXECUTE FUNCTION chaos.record_accepted();

CREATE TABLE chaos.steps (place bigserial, job_id text, attempt int, step int);
CREATE FUNCTION chaos.record_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.train_loss IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.elapsed_ms IS DISTINCT FROM OLD.elapsed_ms) THEN
    INSERT INTO chaos.steps (job_id, attempt, step) VALUES (NEW.job_id, NEW.attempt, NEW.step);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_step AFTER INSERT OR UPDATE ON step_metrics FOR EACH ROW EXECUTE FUNCTION chaos.record_step();
`;

/** From here on everything that happens to jobs is recorded; what happened before is not. */
export async function installRecorder(databaseUrl: string): Promise<void> {
  await withDatabase(databaseUrl, async (client) => void (await client.query(RECORDER)));
}

/** Asks the database over a connection of its own, for the end of the run: the ones before may have died with a server. */
export async function withDatabase<Answer>(databaseUrl: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: databaseUrl });
  // The error that breaks the connection is also thrown by the statement that meets it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
