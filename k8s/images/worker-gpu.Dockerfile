# One rank that trains or serves on a GPU: TensorFlow.js' native backend, built against the libraries of a TensorFlow wheel, on CUDA and cuDNN
# of the versions that the wheel was built with. `npm run images -- --only worker-gpu` stages its context; it needs the network to build.
# Without CUDA, for trying the recipe: --build-arg CUDA_IMAGE=<a Debian or Ubuntu> --build-arg TENSORFLOW_WHEEL=tensorflow-cpu==2.21.0.
ARG NODE_IMAGE=docker.io/library/node:20.20.2-bookworm-slim
ARG CUDA_IMAGE=docker.io/nvidia/cuda:12.5.1-cudnn-runtime-ubuntu22.04

FROM ${NODE_IMAGE} AS node

FROM ${CUDA_IMAGE} AS build
ARG TENSORFLOW_WHEEL=tensorflow==2.21.0
# Both are read by the programs themselves; a mirror may stand in for either.
ARG PIP_INDEX_URL
ARG NPM_CONFIG_REGISTRY
ENV DEBIAN_FRONTEND=noninteractive
ENV PYTHONPATH=/opt/tensorflow
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates g++ make python3 python3-pip
RUN pip3 install --no-cache-dir --target $PYTHONPATH ${TENSORFLOW_WHEEL}
COPY --from=node /usr/local/ /usr/local/
COPY packages /app/node_modules
COPY app /app
# What no program reads at run time is three quarters of what npm installs for it.
RUN node /app/scripts/tensorflow-build.mjs \
 && find /app/.tensorflow -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*_test.js' \) -delete

FROM ${CUDA_IMAGE}
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
# Of the wheel its libraries alone, where the backend was linked with them: no Python.
COPY --from=build /opt/tensorflow/tensorflow/libtensorflow*.so.2 /opt/tensorflow/tensorflow/
ENV NODE_ENV=production HOME=/tmp
WORKDIR /app
USER 65532:65532
CMD ["node", "/app/apps/worker/dist/main.js"]
