import { kubernetesPoolSettingsSchema, type Pool } from '@capstan/core';
import { z } from 'zod';
import { validate } from '../http/validate.ts';

const kubernetesPoolSchema = z.object({ settings: kubernetesPoolSettingsSchema });

/** Throws an InvalidRequestError where the pool's launcher could not use its settings. A local pool has none of its own. */
export function checkSettings({ launcher, settings }: Pick<Pool, 'launcher' | 'settings'>): void {
  if (launcher === 'kubernetes') validate(kubernetesPoolSchema, { settings });
}
