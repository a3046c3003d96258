/** Every method of the gRPC port. */
export const GRPC_PATHS = [
  '/lora.v1.WorkerService/Session',
  '/lora.v1.ArtifactService/Read',
  '/lora.v1.ArtifactService/Write',
  '/lora.v1.InferenceService/Generate',
  '/lora.v1.ServingService/Serve',
  '/lora.v1.ReduceService/Reduce',
] as const;

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
