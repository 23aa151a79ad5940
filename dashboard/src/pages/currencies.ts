/** Which currencies there is a choice of. */

import { useQuery } from "@tanstack/react-query";
import { currenciesQuery } from "../api/queries";
import { DEFAULT_CURRENCY } from "./filters";

/** The currencies there are payments in, the most used one first, and the `chosen` one; never none. */
export function useCurrencies(chosen?: string): string[] {
  const { data } = useQuery(currenciesQuery);
  return withChosen(data, chosen);
}

export function withChosen(currencies: string[] | undefined, chosen: string | undefined): string[] {
  const known = currencies?.length ? currencies : [DEFAULT_CURRENCY];
  return chosen && !known.includes(chosen) ? [...known, chosen] : known;
}
