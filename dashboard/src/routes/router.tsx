/** Every address of the dashboard, and the page it opens. Each page is its own file, loaded when it is first opened. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { queryClient, sessionQuery } from "../api/queries";
import { watchSession } from "../api/whose";
import { Lost, NotFound } from "../pages/NotFound";
import { PageFailed } from "../pages/PageFailed";
import { Shell } from "../shell/Shell";
import { parseSearch, type Search, safeReturn, stringifySearch } from "./search";

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost, errorComponent: PageFailed });

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/dashboard", replace: true });
  },
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Search): { return_to?: string } => (search.return_to ? { return_to: search.return_to } : {}),
  component: lazyRouteComponent(() => import("../pages/login/Login")),
});

/** Those who are signed in; everybody else is sent to sign in and comes back. */
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboard",
  validateSearch: (search: Search): Search => search,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData({ ...sessionQuery, revalidateIfStale: true });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        throw redirect({ to: "/login", search: { return_to: location.href }, replace: true });
      }
      throw error;
    }
  },
  component: Shell,
});

/** A page below /dashboard; its search is plain text, which the page itself picks from. */
function page<P extends string>(path: P, load: () => Promise<{ default: () => React.ReactNode }>) {
  return createRoute({ getParentRoute: () => dashboard, path, component: lazyRouteComponent(load) });
}

function moved<P extends string>(path: P, to: string) {
  return createRoute({
    getParentRoute: () => dashboard,
    path,
    beforeLoad: () => {
      throw redirect({ to, replace: true });
    },
  });
}

const pages = [
  page("/", () => import("../pages/home/Home")),
  page("/transactions", () => import("../pages/transactions/Transactions")),
  page("/transactions/$paymentId", () => import("../pages/transactions/PaymentDetail")),
  page("/orders", () => import("../pages/orders/Orders")),
  page("/orders/$orderId", () => import("../pages/orders/OrderDetail")),
  page("/refunds", () => import("../pages/refunds/Refunds")),
  page("/webhooks", () => import("../pages/webhooks/Webhooks")),
  page("/webhooks/doctor", () => import("../pages/webhooks/doctor/Doctor")),
  page("/webhooks/endpoints/$endpointId", () => import("../pages/webhooks/EndpointDetail")),
  page("/webhooks/$webhookId", () => import("../pages/webhooks/WebhookDetail")),
  page("/developers", () => import("../pages/developers/Developers")),
  page("/developers/$", () => import("../pages/developers/Developers")),
  page("/docs", () => import("../pages/docs/Docs")),
  page("/operations", () => import("../pages/operations/Operations")),
  page("/team", () => import("../pages/team/Team")),
  page("/settings", () => import("../pages/settings/Settings")),
  moved("/webhooks.html", "/dashboard/webhooks"),
  moved("/docs.html", "/dashboard/docs"),
  moved("/index.html", "/dashboard"),
  createRoute({ getParentRoute: () => dashboard, path: "/$", component: NotFound }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([start, login, dashboard.addChildren(pages)]),
  parseSearch,
  stringifySearch,
  // Another payment is another page: no dialog that was opened on one is there on the next.
  defaultRemountDeps: ({ params }) => params,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: Lost,
  defaultErrorComponent: PageFailed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

watchSession(
  () => queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 }),
  () => safeReturn(router.state.location.search.return_to),
);
