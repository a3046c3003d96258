import express, { type Router } from 'express';

/** The built dashboard. Any other page that a browser asks for is the dashboard's own, found by its router. */
export function dashboardRoutes(router: Router, dashboardDir: string): void {
  router.use(express.static(dashboardDir, { etag: true, setHeaders: setCaching }));
  router.get('/{*page}', (request, response, next) => {
    if (request.path.startsWith('/v1/') || !request.accepts('html')) return next();
    response.setHeader('cache-control', 'no-cache');
    response.sendFile('index.html', { root: dashboardDir });
  });
}

/** Vite names assets by their content, so they may be kept for ever; the page that names them may not. */
function setCaching(response: { setHeader(name: string, value: string): void }, path: string): void {
  response.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
}
