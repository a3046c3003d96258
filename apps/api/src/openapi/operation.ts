import type { ApiKeyRole } from '@capstan/core';
import type { z } from 'zod';

/** One line of the API's table of contents, from which its description is made. */
export interface Operation {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Under `/v1`, parameters in braces. */
  path: string;
  id: string;
  tag: string;
  summary: string;
  role: ApiKeyRole;
  query?: z.ZodObject;
  body?: z.ZodType;
  form?: z.ZodType;
  answer: z.ZodType | { contentType: string; description: string };
  /** 200 where it is not said. */
  status?: 200 | 201;
}
