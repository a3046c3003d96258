import express, { type Router } from 'express';
import { squeezedAssets } from '../http/squeezed-assets.ts';

/** Everything comes from this server. Styles may stand in elements, because the component library puts the theme's there; scripts may not. */
const PAGE_POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The built dashboard. Any other page that a browser asks for is the dashboard's own, found by its router. */
export function dashboardRoutes(router: Router, dashboardDir: string): void {
  router.use(squeezedAssets(dashboardDir, setPageHeaders));
  router.use(express.static(dashboardDir, { etag: true, setHeaders: setPageHeaders }));
  router.get('/{*page}', (request, response, next) => {
    if (/^\/(v1|assets)\//.test(request.path) || !request.accepts('html')) return next();
    setPageHeaders(response, 'index.html');
    response.sendFile('index.html', { root: dashboardDir });
  });
}

/** Vite names assets by their content, so they may be kept for ever; the page that names them may not. */
function setPageHeaders(response: { setHeader(name: string, value: string): void }, path: string): void {
  response.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('content-security-policy', PAGE_POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin');
}
