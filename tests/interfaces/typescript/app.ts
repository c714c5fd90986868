// An app against the types generated from our OpenAPI document. Never run: it has to type-check,
// and each line below @ts-expect-error must not.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Session = components["schemas"]["Session"];
type Wallet = components["schemas"]["Wallet"];

const api = createClient<paths>({ baseUrl: "https://charging.example.com" });

export async function logIn(username: string, password: string): Promise<Date> {
  const { data, error } = await api.POST("/api/auth/token", { body: { username, password } });
  if (error) throw new Error(error.error);
  api.use({
    onRequest: ({ request }) => {
      request.headers.set("Authorization", `Bearer ${data.access}`);
    },
  });
  return new Date(data.accessExpiresAt);
}

export async function charging(station: string): Promise<{ kwh: number; since: string | null }[]> {
  const { data, error } = await api.GET("/api/sessions", {
    params: { query: { station, status: "ACTIVE", limit: 50 } },
  });
  if (error) throw new Error(error.error);
  return data.map((session: Session) => ({
    kwh: session.energyKwh,
    since: session.startTimestamp,
  }));
}

export async function start(cpId: string, idTag: string, connectorId: number): Promise<boolean> {
  const { data, response } = await api.POST("/api/admin/{cpId}/remote-start-transaction", {
    params: { path: { cpId }, query: { wait: 10 }, header: { "Idempotency-Key": "one-press" } },
    body: { idTag, connectorId },
  });
  return response.status === 200 && data !== undefined;
}

export async function history(): Promise<string[]> {
  const { data } = await api.GET("/api/charging-history", {
    params: { query: { sort: "-start", state: "Billed", siteAddress: "Main Street" } },
  });
  return (data ?? []).map((row) => JSON.stringify(row));
}

export async function balance(): Promise<Wallet | undefined> {
  return (await api.GET("/api/wallet", { params: { query: { currency: "EUR" } } })).data;
}

export async function wrong(session: Session): Promise<void> {
  // @ts-expect-error: there is no such path
  await api.GET("/api/chargers");
  // @ts-expect-error: no session has this status
  await api.GET("/api/sessions", { params: { query: { status: "SLEEPING" } } });
  await api.POST("/api/admin/{cpId}/remote-start-transaction", {
    params: { path: { cpId: "CP-1" } },
    // @ts-expect-error: the card is missing
    body: { connectorId: 1 },
  });
  // @ts-expect-error: money is a text, never a number
  const money: number = (await balance())!.balance;
  // @ts-expect-error: a session without a reading has no power
  const power: number = session.powerKw;
  console.log(money, power);
}
