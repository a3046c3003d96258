import './component-styles.ts';
import './page.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

/** Shows the dashboard in `root`. */
export function start(root: HTMLElement | null): void {
  if (root === null) throw new Error('index.html has no #root.');
  // A page that has been open since before an update asks for files that are gone: the new page knows the new ones.
  window.addEventListener('vite:preloadError', () => window.location.reload());
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
