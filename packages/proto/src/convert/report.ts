import type { JobResult, NumberedReport, WorkerReport } from '@capstan/core';
import type * as proto from '../gen/lora/v1/report.ts';
import { failureReasons, logLevels, phases } from './enums.ts';
import { requireStorable } from './require-storable.ts';
import { required } from './required.ts';

type ProtoReport = NonNullable<proto.ReportRecord['report']>;

export function reportToProto({ sequence, report }: NumberedReport): proto.ReportRecord {
  return { sequence, report: bodyToProto(report) };
}

export function reportFromProto({ sequence, report }: proto.ReportRecord): NumberedReport {
  const body = bodyFromProto(required(report, 'report'));
  requireStorable(sequence, body);
  return { sequence, report: body };
}

function bodyToProto(report: WorkerReport): ProtoReport {
  switch (report.type) {
    case 'phase':
      return { $case: 'phase', value: { phase: phases.toProto(report.phase) } };
    case 'ready':
      return { $case: 'ready', value: report };
    case 'step':
      return { $case: 'step', value: { ...report, memoryBytes: Math.round(report.memoryBytes), elapsedMs: Math.round(report.elapsedMs) } };
    case 'evaluation':
      return { $case: 'evaluation', value: report };
    case 'baseEvaluation':
      return { $case: 'baseEvaluation', value: report };
    case 'checkpoint':
      return { $case: 'checkpoint', value: report };
    case 'log':
      return { $case: 'log', value: { ...report, level: logLevels.toProto(report.level) } };
    case 'succeeded':
      return { $case: 'succeeded', value: { ...report, result: resultToProto(report.result) } };
    case 'stopped':
      return { $case: 'stopped', value: report };
    case 'failed':
      return { $case: 'failed', value: { ...report, reason: failureReasons.toProto(report.reason) } };
  }
}

function bodyFromProto({ $case: type, value }: ProtoReport): WorkerReport {
  switch (type) {
    case 'phase':
      return { type, phase: phases.fromProto(value.phase) };
    case 'ready':
      return { type, ...value };
    case 'step':
      return { type, ...value, at: required(value.at, 'at') };
    case 'evaluation':
      return { type, ...value, at: required(value.at, 'at') };
    case 'baseEvaluation':
      return { type, figures: required(value.figures, 'figures'), outputs: value.outputs };
    case 'checkpoint':
      return { type, ...value, state: required(value.state, 'state') };
    case 'log':
      return { type, message: value.message, level: logLevels.fromProto(value.level), at: required(value.at, 'at') };
    case 'succeeded':
      return { type, ...value, result: resultFromProto(required(value.result, 'result')) };
    case 'stopped':
      return { type, step: value.step };
    case 'failed':
      return { type, message: value.message, reason: failureReasons.fromProto(value.reason) };
  }
}

function resultToProto(result: JobResult): proto.JobResult {
  return {
    ...result,
    base: result.base ?? undefined,
    adapter: result.adapter ?? undefined,
    generationTokensPerSecond: result.generationTokensPerSecond ?? undefined,
    peakMemoryBytes: result.peakMemoryBytes === null ? undefined : Math.round(result.peakMemoryBytes),
  };
}

function resultFromProto(result: proto.JobResult): JobResult {
  return {
    ...result,
    base: result.base ?? null,
    adapter: result.adapter ?? null,
    generationTokensPerSecond: result.generationTokensPerSecond ?? null,
    peakMemoryBytes: result.peakMemoryBytes ?? null,
  };
}
