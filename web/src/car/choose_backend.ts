// What is behind this page. The copy that the agent serves says so in its first element, data-backend="agent"
// (car_page.ts); the one that the dispatch server hands out says "browser".
import type { CarBackend } from './backend';

export async function chooseBackend(): Promise<CarBackend> {
  const { AgentBackend } = await import('./agent_backend');
  return new AgentBackend();
}
