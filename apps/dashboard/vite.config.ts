import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run dev -w apps/dashboard` serves the page with hot reload and passes the API on to a platform on its usual port. */
export default defineConfig({
  plugins: [react()],
  // The page's policy forbids `data:` for everything but images.
  build: { target: 'es2022', manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true },
  server: { proxy: { '/v1': 'http://127.0.0.1:8080' } },
});
