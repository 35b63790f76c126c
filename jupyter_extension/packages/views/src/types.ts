// Provisional until the generated file replaces it.
export interface FeedEvent { readonly topic: string; readonly sequence: number }
export type Operations = Record<string, { params: object; result: unknown }>;
export type Payload = { kind: string; schema: number };
export const OPERATIONS = {} as const;
