import { createJobRequestSchema } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { FRESH_DRAFT, type JobDraft, toRequest } from './job-draft.ts';
import { asCurl, asOpenAi } from './request-code.ts';

const draft = { ...FRESH_DRAFT, model: 't5-nano', trainingFile: 'file-1' };

describe('a form for a new job', () => {
  it('is no request before it names a model and a file', () => {
    expect([toRequest(FRESH_DRAFT), toRequest({ ...draft, trainingFile: null })]).toEqual([null, null]);
  });

  it('leaves out what was left empty', () => {
    expect(toRequest(draft)).toEqual({
      model: 't5-nano',
      training_file: 'file-1',
      capstan: { priority: 50, lora: { r: 8, alpha: 16, dropout: 0 } },
    });
  });

  it('becomes a request that the server understands', () => {
    const full = {
      ...draft,
      validationFile: 'file-2',
      suffix: 'mine',
      pool: 'gpu',
      epochs: 2,
      maxSteps: 10,
      batchSize: 4,
      learningRate: 0.001,
    };
    const request = createJobRequestSchema.parse(toRequest(full));
    expect(request).toMatchObject({
      suffix: 'mine',
      method: { supervised: { hyperparameters: { n_epochs: 2, batch_size: 4 } } },
      capstan: { pool: 'gpu', training: { max_steps: 10, learning_rate: 0.001 } },
    });
  });
});

describe('the ways of training', () => {
  const pairs = { ...draft, method: 'dpo' as const, isDora: true, savesMemory: true };

  it('are left out where they are the usual ones', () => {
    expect(toRequest(draft)).not.toHaveProperty('method');
    expect(JSON.stringify(toRequest(draft))).not.toMatch(/use_dora|gradient_checkpointing/);
  });

  it('become a request that the server understands', () => {
    expect(createJobRequestSchema.parse(toRequest({ ...pairs, epochs: 2, beta: 0.3 }))).toMatchObject({
      method: { type: 'dpo', dpo: { hyperparameters: { n_epochs: 2, beta: 0.3 } } },
      capstan: { lora: { r: 8, use_dora: true }, training: { gradient_checkpointing: true } },
    });
    expect(createJobRequestSchema.parse(toRequest(pairs)).method).toEqual({ type: 'dpo', dpo: { hyperparameters: {} } });
  });

  it('leave the adapter out where every weight learns, and keep it for preferences', () => {
    const capstanOf = (change: Partial<JobDraft>) => createJobRequestSchema.parse(toRequest({ ...draft, ...change })).capstan;
    expect(capstanOf({ trains: 'weights' })).toEqual({ priority: 50, method: 'full' });
    expect(capstanOf({ trains: 'fresh weights' })).toEqual({ priority: 50, method: 'full', init: 'random' });
    expect(capstanOf({ trains: 'weights', method: 'dpo' })).toMatchObject({ lora: { r: 8 } });
  });

  it('forget the beta of preferences when examples are chosen again', () => {
    expect(JSON.stringify(toRequest({ ...draft, beta: 0.3 }))).not.toContain('beta');
  });

  it('stand in the code too', () => {
    const request = toRequest(pairs) ?? expect.fail('no request');
    for (const code of [asCurl(request, 'http://h'), asOpenAi(request, 'http://h')])
      for (const word of ['"type": "dpo"', '"use_dora": true', '"gradient_checkpointing": true']) expect(code).toContain(word);
  });
});

describe('the same request as code', () => {
  const request = toRequest({ ...draft, suffix: "it's" });

  it('survives the quotes of a shell', () => {
    const command = asCurl(request ?? expect.fail('no request'), 'http://h');
    expect(command).toContain("it'\\''s");
    expect(command).toContain('http://h/v1/fine_tuning/jobs');
  });

  it("holds the whole request for OpenAI's client", () => {
    const code = asOpenAi(request ?? expect.fail('no request'), 'http://h');
    const body: unknown = JSON.parse(code.slice(code.indexOf('create(') + 7, code.indexOf(' as never')));
    expect(body).toEqual(request);
  });
});
