import type { WorkerCommand } from '@capstan/core';
import type { Command } from '../gen/lora/v1/worker.ts';
import { stopReasons } from './enums.ts';
import { required } from './required.ts';

export function commandToProto(command: WorkerCommand): Command {
  switch (command.type) {
    case 'stop':
      return { command: { $case: 'stop', value: { reason: stopReasons.toProto(command.reason) } } };
    case 'checkpoint':
      return { command: { $case: 'checkpoint', value: {} } };
  }
}

export function commandFromProto(message: Command): WorkerCommand {
  const { $case: type, value } = required(message.command, 'command');
  return type === 'stop' ? { type, reason: stopReasons.fromProto(value.reason) } : { type };
}
