import { AppError, ModelError, NotFoundError, UnauthenticatedError, UnavailableError } from '@capstan/core';
import { HubApiError } from '@huggingface/hub';

interface Asked {
  model: string;
  endpoint: string;
  hasToken: boolean;
}

/** What went wrong with the Hub, in words that say what to do. Errors of our own and aborts are left as they are. */
export function hubFailure(error: unknown, { model, endpoint, hasToken }: Asked): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof HubApiError) return refusal(error, { model, endpoint, hasToken });
  const code = networkCode(error);
  if (code === null) return error;
  return new UnavailableError(
    `The Hub at ${endpoint} cannot be reached (${code}). Where there is no network, put the model's files into a folder of MODELS_DIR by hand; a mirror is named by HF_ENDPOINT.`,
    { cause: error },
  );
}

function refusal(error: HubApiError, { model, endpoint, hasToken }: Asked): AppError {
  const details = { cause: error };
  switch (error.statusCode) {
    // The Hub answers so for what does not exist, too, so that nobody learns which names are private.
    case 401:
      return new UnauthenticatedError(
        hasToken
          ? `The Hub at ${endpoint} does not know the token in HF_TOKEN, or ${model} does not exist.`
          : `${model} does not exist on ${endpoint}, or is private: check its name, or give a token in HF_TOKEN.`,
        details,
      );
    case 403:
      return new UnauthenticatedError(
        `${model} is only for those who accepted its terms: do so at ${endpoint}/${model}, and give a token of that account in HF_TOKEN.`,
        details,
      );
    case 404:
      return new NotFoundError(`${model} does not exist on ${endpoint}, or has no such revision.`, details);
    case 429:
      return new UnavailableError(
        `The Hub at ${endpoint} has had too many requests: try again later, or with a token in HF_TOKEN.`,
        details,
      );
    default:
      return error.statusCode >= 500
        ? new UnavailableError(`The Hub at ${endpoint} failed with status ${error.statusCode}: try again later.`, details)
        : new ModelError(`The Hub at ${endpoint} refused ${model} with status ${error.statusCode}: ${error.message}`, details);
  }
}

/** The system's word for why a connection failed or broke, however deep it stands; null for other errors. */
export function networkCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && /^(E[A-Z_]+|UND_ERR_\w+)$/.test(code)) return code;
  return networkCode(error.cause) ?? (error.message === 'fetch failed' || error.message === 'terminated' ? 'connection lost' : null);
}
