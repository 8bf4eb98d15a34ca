# syntax=docker/dockerfile:1
# The host in a container: no root, no compiler, nothing writable but its volumes.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts stay off: the only one of ours would build before the source is here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    CONNECTOR_HOST_CONNECTORS=/data/connectors \
    CONNECTOR_HOST_CERTS=/data/certs \
    CONNECTOR_HOST_STATE=/data/state \
    CONNECTOR_HOST_SEAL_KEY_FILE=/data/secrets/seal.key
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY connectors/demo.json connectors/demo.json
COPY scripts scripts
COPY packaging/healthcheck.js packaging/healthcheck.js
RUN install -d -o node -g node -m 0700 /data /data/connectors /data/certs /data/state /data/secrets
USER node
WORKDIR /data
VOLUME ["/data/connectors", "/data/certs", "/data/state", "/data/secrets"]
EXPOSE 8585
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["node", "/app/packaging/healthcheck.js"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
