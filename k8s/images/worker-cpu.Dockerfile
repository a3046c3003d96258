# One rank that trains or serves with WebAssembly. `npm run images` stages its context.
ARG NODE_IMAGE=docker.io/library/node:20.20.2-bookworm-slim
FROM ${NODE_IMAGE}
COPY packages /app/node_modules
COPY app /app
ENV NODE_ENV=production HOME=/tmp
WORKDIR /app
USER 65532:65532
CMD ["node", "/app/apps/worker/dist/main.js"]
