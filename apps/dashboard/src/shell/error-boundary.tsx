import { Component, type ReactNode } from 'react';
import { ErrorNote } from './error-note.tsx';

/** A page that breaks shows why, and leaves the frame around it standing. React offers this to classes only. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === null ? this.props.children : <ErrorNote error={this.state.error} />;
  }
}
