//! Where a recipient's mail goes: of the routes of a configuration, the one with the most exact domain.
//!
//! `example.org` goes before `*.example.org`, a longer domain below before a shorter, `*` last; what no route names goes
//! by the MX records of its domain. Cost: a look into a table for each label of the domain.

use super::config::Config;
use super::config::network::RouteDomain;
use super::config::route::Route;
use crate::base::address::{Address, DomainPattern};
use std::collections::HashMap;
use std::sync::Arc;

/// The routes of a configuration.
#[derive(Debug, Clone)]
pub struct Routes {
    routes: Vec<Arc<Route>>,
    exact: HashMap<Arc<str>, Arc<Route>>,
    below: HashMap<Arc<str>, Arc<Route>>,
    every: Arc<Route>,
}

impl Routes {
    /// The routes of a configuration.
    pub fn new(config: &Config) -> Routes {
        let mut made = Routes {
            routes: config.routes.iter().cloned().map(Arc::new).collect(),
            exact: HashMap::new(),
            below: HashMap::new(),
            every: Arc::new(config.otherwise.clone()),
        };
        for route in &made.routes {
            for domain in &route.domains {
                match domain {
                    RouteDomain::Every => made.every = Arc::clone(route),
                    RouteDomain::Those(DomainPattern { domain, subdomains: true }) => {
                        made.below.insert(Arc::clone(domain), Arc::clone(route));
                    }
                    RouteDomain::Those(DomainPattern { domain, .. }) => {
                        made.exact.insert(Arc::clone(domain), Arc::clone(route));
                    }
                }
            }
        }
        made
    }

    /// The route of a recipient.
    pub fn of(&self, recipient: &Address) -> &Arc<Route> {
        self.of_domain(&recipient.domain)
    }

    /// The route of a domain (lower case, IDNA ASCII form).
    pub fn of_domain(&self, domain: &str) -> &Arc<Route> {
        let parents = std::iter::successors(domain.split_once('.'), |(_, parent)| parent.split_once('.'));
        let below = || parents.map(|(_, parent)| parent).find_map(|parent| self.below.get(parent));
        self.exact.get(domain).or_else(below).unwrap_or(&self.every)
    }

    /// The route of a name, as the queue and its commands know it.
    pub fn named(&self, name: &str) -> Option<&Arc<Route>> {
        self.iter().find(|route| route.label() == name)
    }

    /// All routes, the one of what no other is for last.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Route>> {
        let others = self.routes.iter().filter(|route| !Arc::ptr_eq(route, &self.every));
        others.chain(std::iter::once(&self.every))
    }
}
