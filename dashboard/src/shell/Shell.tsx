/** What stands around every page of those who are signed in: menu, top bar, the mark of test mode. */

import { ActionIcon } from "@mantine/core";
import { IconFlask, IconMenu2, IconSearch } from "@tabler/icons-react";
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useLive } from "../api/live";
import { useRefusal, useSession } from "../api/session";
import type { Session } from "../api/shapes";
import { sayMoved, useEnded } from "../api/whose";
import { isMac, useShortcuts } from "../ui/keys";
import { Late } from "../ui/Late";
import { tellDone, tellRefusal } from "../ui/notices";
import { StepUp } from "../ui/StepUp";
import { LinkMark } from "./LinkMark";
import { Menu } from "./Menu";
import { MerchantSwitch } from "./MerchantSwitch";
import { NoMerchant } from "./NoMerchant";
import { MENU } from "./pages";
import classes from "./Shell.module.css";
import { ThemeSwitch } from "./ThemeSwitch";
import { UserMenu } from "./UserMenu";

const Palette = lazy(() => import("./Palette"));
const MenuDrawer = lazy(() => import("./MenuDrawer"));
const NewPassword = lazy(() => import("./NewPassword"));
const ShortcutHelp = lazy(() => import("./ShortcutHelp"));
const SignInAgain = lazy(() => import("./SignInAgain"));

export function Shell() {
  const session = useSession();
  const merchant: Session["merchant"] | null = session.merchant;
  const ended = useEnded();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first words of a page that was loaded for another merchant
  useEffect(() => {
    const said = sayMoved(session);
    if (said) tellDone(said);
  }, []);
  return (
    <>
      {session.user.must_change_password ? (
        <Suspense>
          <NewPassword />
        </Suspense>
      ) : merchant === null ? (
        <NoMerchant />
      ) : (
        <Frame />
      )}
      <Suspense>{ended && <SignInAgain />}</Suspense>
    </>
  );
}

function Frame() {
  useLive();
  const session = useSession();
  const mayNotPay = useRefusal("support");
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const opened = useRef(path);

  // A page that was opened from another one has the focus, so that Tab and a screen reader start at its top.
  useEffect(() => {
    setMenuOpen(false);
    if (opened.current !== path) main.current?.focus({ preventScroll: true });
    opened.current = path;
  }, [path]);

  useShortcuts([
    {
      keys: "mod+k",
      does: "Search and commands",
      group: "Everywhere",
      everywhere: true,
      run: () => setPaletteOpen(true),
    },
    { keys: "/", does: "Search", group: "Everywhere", run: () => setPaletteOpen(true) },
    { keys: "?", does: "This help", group: "Everywhere", run: () => setHelpOpen(true) },
    {
      keys: "c",
      does: "Initiate a payment",
      group: "Everywhere",
      run: () => {
        if (mayNotPay !== null) tellRefusal(mayNotPay);
        else void navigate({ to: "/dashboard/orders", search: { new: "1" } });
      },
    },
    ...MENU.filter((page) => page.shown?.(session) ?? true).map((page) => ({
      keys: page.keys,
      does: page.name,
      group: "Go to",
      run: () => void navigate({ to: page.to }),
    })),
  ]);

  return (
    <StepUp>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <div className={classes.shell}>
        <aside className={classes.side} aria-label="Merchant and menu">
          <MerchantSwitch />
          <Menu />
        </aside>
        <div className={classes.rest}>
          <header className={classes.top}>
            <ActionIcon
              className={classes.burger ?? ""}
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Open the menu"
              onClick={() => setMenuOpen(true)}
            >
              <IconMenu2 size={20} aria-hidden />
            </ActionIcon>
            <button type="button" className={classes.search} onClick={() => setPaletteOpen(true)}>
              <IconSearch size={16} aria-hidden />
              <span>Search</span>
              <kbd aria-hidden>{isMac ? "⌘" : "Ctrl"} K</kbd>
            </button>
            <div className={classes.tools}>
              <LinkMark />
              <ThemeSwitch />
              <UserMenu onHelp={() => setHelpOpen(true)} />
            </div>
          </header>
          {session.test_mode && (
            <aside className={classes.test} aria-label="Test mode">
              <IconFlask size={15} aria-hidden />
              <span>
                <strong>Test mode</strong>{" "}
                <span className={classes.testMore}>The bank is imitated. No money moves.</span>
              </span>
            </aside>
          )}
          <main id="content" ref={main} tabIndex={-1} className={classes.main}>
            <Outlet />
          </main>
        </div>
      </div>
      <Late onFailed={() => setMenuOpen(false)}>{menuOpen && <MenuDrawer onClose={() => setMenuOpen(false)} />}</Late>
      <Late onFailed={() => setPaletteOpen(false)}>
        {paletteOpen && <Palette onClose={() => setPaletteOpen(false)} onHelp={() => setHelpOpen(true)} />}
      </Late>
      <Late onFailed={() => setHelpOpen(false)}>{helpOpen && <ShortcutHelp onClose={() => setHelpOpen(false)} />}</Late>
    </StepUp>
  );
}
