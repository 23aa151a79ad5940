/** The top of a page: where one is, its one heading, and what one can do here. Names the browser's tab too. */

import { IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import classes from "./PageHeader.module.css";

interface PageHeaderProps {
  title: string;
  /** What is shown as the heading, when that is more than its words. */
  heading?: ReactNode;
  /** The list this page belongs to. */
  within?: { to: string; name: string };
  description?: ReactNode;
  children?: ReactNode;
}

export function PageHeader({ title, heading, within, description, children }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} – Payment Gateway`;
  }, [title]);
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        {within && (
          <nav aria-label="Breadcrumb" className={classes.within}>
            <Link to={within.to}>{within.name}</Link>
            <IconChevronRight size={14} aria-hidden />
          </nav>
        )}
        <h1 className={classes.title}>{heading ?? title}</h1>
        {description && <p className={classes.description}>{description}</p>}
      </div>
      {children && <div className={classes.actions}>{children}</div>}
    </header>
  );
}
