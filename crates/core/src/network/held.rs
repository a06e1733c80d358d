//! What there is of a container's networks outside of its namespace.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::held_ports::Mapping;
use super::machine::Machine;
use super::name_server::{Hearing, Redirection};
use super::netlink::Netlink;
use super::nft::{Family, Nft, Transaction};
use super::proxy::{self, Forward};
use super::request::{Interface, NetworkRequest};
use super::resolver::{self, Names, Settings};
use super::service::Service;
use super::{CODE, FILTER_STEP, attachment, guard, hinted, link, namespaces, ports};
use crate::error::{Context, Result};
use crate::identity::ProcessIdentity;

/// What there is of a container's networks outside of its namespace, for as long as it runs. Nothing of it outlives this process, but
/// names, which count for nothing without it.
#[derive(Debug)]
pub struct Held {
    /// What is the container's own in the packet filter ends with this socket.
    pub(super) filter: Nft,
    tables: Vec<(Family, String)>,
    container: String,
    machine: Machine,
    /// Its devices.
    interfaces: Vec<Interface>,
    name_server: Option<NameServer>,
    /// Ports of the machine that lead to the container.
    pub ports: Vec<Mapping>,
    proxy: Option<Service>,
}

#[derive(Debug)]
struct NameServer {
    settings: Arc<RwLock<Settings>>,
    service: Option<Service>,
    /// In the container's namespace; what it has made there ends with it.
    filter: Redirection,
}

impl Held {
    pub(super) fn nothing(request: &NetworkRequest, machine: Machine) -> Result<Self> {
        Ok(Self {
            filter: Nft::open().step(CODE, "open a socket to the packet filter")?,
            tables: Vec::new(),
            container: request.container.clone(),
            machine,
            interfaces: Vec::new(),
            name_server: None,
            ports: Vec::new(),
            proxy: None,
        })
    }

    /// Lets everything go. That alone takes no time, but closing the socket of a table waits for the kernel's readers, some ten
    /// milliseconds: when this is dropped there is none left.
    pub fn release(&mut self) {
        let tables: Vec<_> = self.tables.drain(..).collect();
        self.remove_tables(&tables);
        self.proxy = None;
        if let Some(server) = &mut self.name_server {
            server.service = None;
            server.filter.remove();
        }
        self.withdraw();
    }

    /// Has a container that runs be in other networks than before: devices come and go, as names do.
    ///
    /// # Errors
    /// As of [`super::namespace`]; what was changed before stays.
    pub fn change(&mut self, request: &NetworkRequest, namespace: BorrowedFd<'_>) -> Result<()> {
        let machine = self.machine.clone();
        machine.run(|| self.change_there(request, namespace))?;
        if let (Some(server), Some(upstream)) = (&self.name_server, &request.name_server) {
            let networks = request.interfaces.iter().map(Interface::named).collect();
            // Only a panic poisons it, which ends this process.
            let mut settings = server.settings.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            *settings = Settings { networks, upstream: upstream.clone() };
        }
        Ok(())
    }

    fn change_there(&mut self, request: &NetworkRequest, namespace: BorrowedFd<'_>) -> Result<()> {
        let mut outside = Netlink::open().step(CODE, "open a netlink socket")?;
        let (mut inside, fd) = namespaces::enter(namespace)?;
        let is_in =
            |all: &[Interface], one: &Interface| all.iter().any(|other| other.host_name == one.host_name);
        let (stay, go): (Vec<_>, Vec<_>) =
            self.interfaces.drain(..).partition(|own| is_in(&request.interfaces, own));
        self.interfaces = stay;
        for interface in go {
            self.leave(&mut outside, &interface)?;
        }
        for interface in &request.interfaces {
            if !is_in(&self.interfaces, interface) {
                let uplink = self.machine.uplink();
                attachment::prepare_bridge(&mut outside, &mut self.filter, interface, uplink)?;
                attachment::attach(&mut outside, &mut inside, interface, fd.as_fd())?;
                self.filter_own(std::slice::from_ref(interface), &[])?;
                self.publish(std::slice::from_ref(interface))?;
            } else {
                attachment::lead_out(&mut inside, interface)?;
            }
        }
        Ok(())
    }

    fn leave(&mut self, outside: &mut Netlink, interface: &Interface) -> Result<()> {
        let name = &interface.host_name;
        let own = (Family::Netdev, name.clone());
        self.tables.retain(|table| *table != own);
        self.remove_tables(&[own]);
        let addresses: Vec<IpAddr> = interface.addresses.iter().map(|address| address.ip).collect();
        if self.ports.iter().any(|mapping| addresses.contains(&mapping.to.ip())) {
            // The next who has the address is somebody else.
            let table = (Family::Inet, ports::table(&self.container));
            self.tables.retain(|each| *each != table);
            self.remove_tables(&[table]);
            self.proxy = None;
            self.ports.clear();
        }
        withdraw(&self.container, interface);
        link::remove(outside, name).step_at(CODE, "remove the network device", name)
    }

    fn remove_tables(&mut self, tables: &[(Family, String)]) {
        let mut transaction = Transaction::default();
        for (family, name) in tables {
            transaction.remove_table(*family, name);
        }
        // Whatever is left ends with the socket.
        let _left = self.filter.commit(transaction);
    }

    /// Makes what is the container's own in the packet filter. A killed monitor of its last run may still have it: its sockets are
    /// closed some time after its locks, and what it owns is nobody else's until then (EPERM).
    pub(super) fn filter_own(&mut self, interfaces: &[Interface], mappings: &[Mapping]) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(2);
        const PAUSE: Duration = Duration::from_millis(5);
        let begin = Instant::now();
        loop {
            let mut own = Transaction::default();
            for interface in interfaces.iter().filter(|interface| !interface.may_route) {
                guard::add(&mut own, interface);
            }
            if self.machine.uplink().is_none() {
                ports::add(&mut own, &ports::table(&self.container), mappings);
            }
            let tables = own.tables();
            match self.filter.commit(own) {
                Err(Errno::PERM | Errno::EXIST) if begin.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                other => {
                    self.tables.extend(tables);
                    return other.step_at(CODE, FILTER_STEP, &self.container).map_err(hinted);
                }
            }
        }
    }

    /// Passes on what reaches the ports and the packet filter does not redirect.
    pub(super) fn lead(&mut self, mappings: Vec<Mapping>, forwards: Vec<Forward>) -> Result<()> {
        self.ports = mappings;
        if !forwards.is_empty() {
            let machine = self.machine.clone();
            let transparent = machine.uplink().is_some();
            let pass_on = move |stop| {
                // Without epoll connections to these ports are refused; what the kernel redirects is not concerned.
                let _ended = machine.enter().map(|()| proxy::serve(forwards, stop, transparent));
            };
            self.proxy = Some(Service::start("rcx-ports", pass_on)?);
        }
        Ok(())
    }

    pub(super) fn serve_names(&mut self, server: Option<Hearing>, request: &NetworkRequest) -> Result<()> {
        let (Some(server), Some(upstream)) = (server, &request.name_server) else { return Ok(()) };
        let networks = request.interfaces.iter().map(Interface::named).collect();
        let settings = Arc::new(RwLock::new(Settings { networks, upstream: upstream.clone() }));
        let (service, filter) = server.serve(Arc::clone(&settings))?;
        self.name_server = Some(NameServer { settings, service: Some(service), filter });
        Ok(())
    }

    /// Has the others find the container by its names, and remembers its devices.
    pub(super) fn publish(&mut self, interfaces: &[Interface]) -> Result<()> {
        for interface in interfaces {
            self.interfaces.push(interface.clone());
            if interface.names.is_empty() {
                continue;
            }
            let process = ProcessIdentity::of(std::process::id().cast_signed())?;
            let (container, names) = (self.container.clone(), interface.names.clone());
            let record = Names { container, process, names };
            for address in &interface.addresses {
                resolver::publish(&interface.folder, address.ip, &record)?;
            }
        }
        Ok(())
    }

    fn withdraw(&mut self) {
        for interface in self.interfaces.drain(..) {
            withdraw(&self.container, &interface);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// What stays counts for nothing, and is replaced by the next who has the address.
fn withdraw(container: &str, interface: &Interface) {
    for address in &interface.addresses {
        drop(resolver::withdraw(&interface.folder, address.ip, container));
    }
}
