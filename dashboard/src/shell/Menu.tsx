/** The menu: every page, the one that is open marked. */

import { Link } from "@tanstack/react-router";
import { useSession } from "../api/session";
import classes from "./Menu.module.css";
import { MENU } from "./pages";

const GROUPS = ["Payments", "Build", "Manage"] as const;

export function Menu() {
  const session = useSession();
  return (
    <nav aria-label="Main">
      {GROUPS.map((group) => (
        <div key={group} className={classes.group}>
          <p className={classes.name}>{group}</p>
          <ul className={classes.list}>
            {MENU.filter((page) => page.group === group && (page.shown?.(session) ?? true)).map((page) => (
              <li key={page.to}>
                <Link
                  to={page.to}
                  className={classes.link}
                  activeOptions={{ exact: page.to === "/dashboard", includeSearch: false }}
                  activeProps={{ "aria-current": "page" }}
                >
                  <page.icon size={18} stroke={1.7} aria-hidden />
                  {page.name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
