use handset_ami::wire::Packet;

use super::*;
use crate::roster::Reach;

fn event(text: &str) -> Event {
    Event::parse(text.replace('\n', "\r\n").as_bytes()).expect(text)
}

/// Returns a response with a list.
fn list(items: &[String]) -> Response {
    response("Response: Success\nEventList: start\n")
        .with_list(items.iter().map(|item| event(item)).collect(), false)
}

fn response(text: &str) -> Response {
    Response::new(Packet::parse(text.replace('\n', "\r\n").as_bytes()))
}

fn endpoint(name: &str) -> Endpoint {
    name.parse().unwrap()
}

/// An item as `PJSIPShowContacts` has it.
fn listed(name: &str, uri: &str, via: &str) -> String {
    format!(
        "Event: ContactList\nObjectType: contact\nObjectName: {name};@0123\nViaAddr: {via}\n\
         ViaPort: 5060\nUri: {uri}\nUserAgent: snomD785/10.1.1.1 00005E005302\nEndpoint: {name}\n\
         Status: Reachable\n"
    )
}

/// An item as `PJSIPShowEndpoint` has it.
fn detailed(name: &str, uri: &str, via: &str, user_agent: &str) -> String {
    format!(
        "Event: ContactStatusDetail\nAOR: {name}\nURI: {uri}\nUserAgent: {user_agent}\n\
         ViaAddress: {via}\nStatus: NonQualified\nEndpointName: {name}\nID: {name};@0123\n"
    )
}

fn status(name: &str, uri: &str, status: &str) -> Event {
    event(&format!(
        "Event: ContactStatus\nURI: {uri}\nContactStatus: {status}\nAOR: {name}\n\
         EndpointName: {name}\nRoundtripUsec: N/A\n"
    ))
}

/// A table with one phone, 1001.
fn table() -> Table {
    let mut table = Table::default();
    let items = [listed("1001", LAN, "192.0.2.21")];
    assert_eq!(table.apply_response(&Query::Contacts, &list(&items)), []);
    table
}

fn uris(table: &Table, name: &str) -> Vec<String> {
    let contacts = table.contacts(&endpoint(name)).iter();
    contacts.map(|contact| contact.uri.clone()).collect()
}

#[test]
fn list_has_address_and_model_of_each_phone() {
    let table = table();
    let [contact] = table.contacts(&endpoint("1001")) else {
        panic!()
    };
    assert_eq!(contact.address, "192.0.2.21".parse().ok());
    assert_eq!((contact.own, contact.behind_nat()), (None, None));
    assert_eq!(contact.reach, Reach::Reachable);
    assert_eq!(contact.identity().unwrap().model, "D785");
    assert_eq!(contact.mac(), "00:00:5E:00:53:02".parse().ok());
}

#[test]
fn registrations_are_counted_and_removals_are_not() {
    let mut table = table();
    for word in [
        "Created",
        "Reachable",
        "Unreachable",
        "Removed",
        "NonQualified",
    ] {
        table.apply_event(&status("1001", LAN, word));
    }
    for word in ["Registered", "Unregistered", "Reachable", "Lagged"] {
        let text = format!("Event: PeerStatus\nPeer: SIP/1002\nPeerStatus: {word}\n");
        table.apply_event(&event(&text));
    }
    let seen = |name| table.registration_count(&endpoint(name));
    assert_eq!(seen("PJSIP/1001"), 3);
    assert_eq!(seen("SIP/1002"), 2);
    assert_eq!(seen("PJSIP/1002"), 0);
}

#[test]
fn empty_list_is_an_error_in_asterisk_and_empties_the_table() {
    let mut table = table();
    let none = response("Response: Error\nMessage: No Contacts found\n");
    table.apply_response(&Query::Contacts, &none);
    assert_eq!(table.all().count(), 0);
}

#[test]
fn nat_is_distinguished_from_a_local_network() {
    let check = |uri: &str, via: &str, nat: Option<&str>, own: Option<&str>| {
        let mut table = Table::default();
        table.apply_response(&Query::Contacts, &list(&[listed("1001", uri, via)]));
        let [contact] = table.contacts(&endpoint("1001")) else {
            panic!("{uri}")
        };
        assert_eq!(contact.own, own.map(|own| own.parse().unwrap()), "{uri}");
        assert_eq!(
            contact.behind_nat(),
            nat.map(|nat| nat.parse().unwrap()),
            "{uri}"
        );
    };
    let own = Some("192.168.1.7");
    check("sip:1001@203.0.113.9:40000", "192.168.1.7", own, own);
    check("sip:1001@192.168.1.7:5060", "192.168.1.7", None, None);
    // A proxy in the same network.
    check("sip:1001@10.0.0.5", "192.168.1.7", None, own);
    check(
        "sip:1001@[2001:db8::7]:5060",
        "fd00::7",
        Some("fd00::7"),
        Some("fd00::7"),
    );
    // A name, where only the Via has an address.
    check("sip:1001@phone.example.com", "192.168.1.7", None, None);
}

#[test]
fn registering_phone_is_queried() {
    let mut table = table();
    for word in ["NonQualified", "Reachable", "Unreachable", "Removed"] {
        let query = table.apply_event(&status("1002", "sip:1002@192.0.2.22", word));
        assert_eq!(query, Some(Query::Endpoint(endpoint("1002"))), "{word}");
    }
    let query = Query::Endpoint(endpoint("1002"));
    let uri = "sip:1002@[2001:db8::22]:5060";
    let via = "2001:db8::22:5060";
    let items = [
        "Event: EndpointDetail\nObjectName: 1002\n".to_owned(),
        detailed("1002", uri, via, "Yealink SIP-T53W 96.86.0.70"),
        "Event: EndpointDetailComplete\n".to_owned(),
    ];
    table.apply_response(&query, &list(&items));
    let [contact] = table.contacts(&endpoint("1002")) else {
        panic!()
    };
    assert_eq!(contact.address, "2001:db8::22".parse().ok());
    assert_eq!((contact.own, contact.reach), (None, Reach::Unqualified));
    assert_eq!(uris(&table, "1001"), [LAN], "the other phone stays");
}

#[test]
fn moved_phone_has_its_new_address() {
    let mut table = table();
    assert!(table.apply_event(&status("1001", LAN, "Removed")).is_some());
    assert_eq!(uris(&table, "1001"), [""; 0]);
    let moved = "sip:1001@192.0.2.99:5060";
    let query = table
        .apply_event(&status("1001", moved, "NonQualified"))
        .unwrap();
    let items = [detailed(
        "1001",
        moved,
        "192.0.2.99:5060",
        "snomD785/10.1.1.1",
    )];
    table.apply_response(&query, &list(&items));
    assert_eq!(uris(&table, "1001"), [moved]);
}

#[test]
fn contacts_of_one_endpoint_are_separate_phones() {
    let mut table = table();
    let query = Query::Endpoint(endpoint("1001"));
    let items = [
        detailed("1001", LAN, "192.0.2.21:5060", "snomD785/10.1.1.1"),
        detailed(
            "1001",
            "sip:1001@192.0.2.55",
            "192.0.2.55:5060",
            "Cisco-CP8841/12.8.1",
        ),
        detailed(
            "1001",
            "sip:1001@192.0.2.55",
            "192.0.2.55:5060",
            "Cisco-CP8841/12.8.1",
        ),
    ];
    table.apply_response(&query, &list(&items));
    assert_eq!(uris(&table, "1001"), [LAN, "sip:1001@192.0.2.55"]);
    table.apply_event(&status("1001", LAN, "Removed"));
    assert_eq!(uris(&table, "1001"), ["sip:1001@192.0.2.55"]);
}

#[test]
fn unknown_endpoint_has_no_contacts() {
    let mut table = table();
    let gone = response("Response: Error\nMessage: Unable to retrieve endpoint 1001\n");
    table.apply_response(&Query::Endpoint(endpoint("1001")), &gone);
    assert_eq!(table.all().count(), 0);
}

#[test]
fn lists_are_queried_where_the_server_supports_them() {
    let mut table = Table::default();
    let query = |table: &mut Table, commands: &str| {
        table.apply_response(
            &Query::Commands,
            &response(&format!("Response: Success\n{commands}")),
        )
    };
    assert_eq!(query(&mut table, "Ping: Keepalive command.\n"), []);
    assert_eq!(
        query(
            &mut table,
            "PJSIPShowContacts: Lists.  (Priv: system,all)\n"
        ),
        [Query::Contacts]
    );
    assert_eq!(
        query(&mut table, "SIPpeers: List.\nPJSIPShowContacts: Lists.\n"),
        [Query::Contacts, Query::Peers]
    );
}

#[test]
fn peers_of_chan_sip_are_listed_and_then_queried() {
    let mut table = table();
    let peer = |name: &str, ip: &str| {
        format!(
            "Event: PeerEntry\nChanneltype: SIP\nObjectName: {name}\nIPaddress: {ip}\n\
             IPport: 5060\nStatus: OK (3 ms)\n"
        )
    };
    let items = [peer("2001", "192.0.2.31"), peer("2002", "-none-")];
    let queries = table.apply_response(&Query::Peers, &list(&items));
    let query = Query::Endpoint(endpoint("SIP/2001"));
    assert_eq!(queries, std::slice::from_ref(&query));
    let details = "Response: Success\nObjectName: 2001\nAddress-IP: 192.0.2.31\n\
                   SIP-Useragent: Cisco-CP7970G/8.5.4\nReg-Contact: sip:2001@192.168.0.4:5060\n\
                   Status: OK (3 ms)\n";
    table.apply_response(&query, &response(details));
    // The list, loaded again, keeps the details.
    table.apply_response(&Query::Peers, &list(&items));
    let [contact] = table.contacts(&endpoint("SIP/2001")) else {
        panic!()
    };
    assert_eq!(contact.identity().unwrap().model, "7970G");
    assert_eq!(contact.behind_nat(), "192.168.0.4".parse().ok());
    assert_eq!(uris(&table, "1001"), [LAN]);
}

#[test]
fn peer_registers_and_unregisters() {
    let mut table = Table::default();
    let status = |word: &str| {
        event(&format!(
            "Event: PeerStatus\nChannelType: SIP\nPeer: SIP/2001\nPeerStatus: {word}\n"
        ))
    };
    let query = Query::Endpoint(endpoint("SIP/2001"));
    assert_eq!(
        table.apply_event(&status("Registered")),
        Some(query.clone())
    );
    table.apply_response(
        &query,
        &response("Response: Success\nAddress-IP: 192.0.2.31\n"),
    );
    assert_eq!(table.all().count(), 1);
    table.apply_event(&status("Unregistered"));
    assert_eq!(table.all().count(), 0);
    table.apply_response(&query, &response("Response: Success\nAddress-IP: (null)\n"));
    assert_eq!(table.all().count(), 0);
    let of_pjsip = event("Event: PeerStatus\nPeer: PJSIP/1001\nPeerStatus: Unreachable\n");
    assert_eq!(
        table.apply_event(&of_pjsip),
        Some(Query::Endpoint(endpoint("1001")))
    );
}

#[test]
fn device_state_leads_to_a_query_only_if_it_contradicts_the_table() {
    let mut table = table();
    let mut queries = |device: &str, state: &str| {
        let text = format!("Event: DeviceStateChange\nDevice: {device}\nState: {state}\n");
        table.apply_event(&event(&text)).is_some()
    };
    assert!(!queries("PJSIP/1001", "INUSE"));
    assert!(queries("PJSIP/1001", "UNAVAILABLE"));
    assert!(queries("PJSIP/1009", "NOT_INUSE"));
    assert!(!queries("PJSIP/1009", "UNAVAILABLE"));
    assert!(!queries("PJSIP/1009", "INVALID"));
    assert!(!queries("SCCP/1009", "NOT_INUSE"));
    assert!(!queries("Custom:lamp", "INUSE"));
}

#[test]
fn malformed_items_are_skipped() {
    let mut table = Table::default();
    let items = [
        listed("a,b)", "sip:x@192.0.2.1", "192.0.2.1"),
        "Event: ContactList\nObjectName: x\n".to_owned(),
        "Event: ContactListComplete\n".to_owned(),
    ];
    table.apply_response(&Query::Contacts, &list(&items));
    assert_eq!(table.all().count(), 0);
    assert_eq!(table.apply_event(&event("Event: ContactStatus\n")), None);
}

#[test]
fn configured_contact_belongs_to_its_address_of_record() {
    let mut table = Table::default();
    let item = "Event: ContactList\nObjectName: 1001@@0123\nUri: sip:1001@192.0.2.21\nEndpoint: \n";
    table.apply_response(&Query::Contacts, &list(&[item.to_owned()]));
    assert_eq!(uris(&table, "1001"), ["sip:1001@192.0.2.21"]);
}

const LAN: &str = "sip:1001@192.0.2.21:5060";

/// An item as `SCCPListDevices` has it.
fn device(name: &str, address: &str) -> String {
    format!(
        "Event: DeviceEntry\nChannelType: SCCP\nObjectId: {name}\nObjectType: device\n\
         Description: Desk\nIPaddress: {address}\nReg_Status: OK\nActive: No\nNumLines: 1\n"
    )
}

#[test]
fn sccp_devices_are_listed_where_the_module_is_loaded() {
    let mut table = Table::default();
    let commands = response(
        "Response: Success\nSCCPListDevices: List SCCP devices (Priv: system)\nSCCPShowLines: show lines (Priv: system)\n",
    );
    assert_eq!(
        table.apply_response(&Query::Commands, &commands),
        [Query::SccpDevices, Query::SccpLines]
    );
    let items = [
        device("SEP00005E005301", "192.0.2.21:51010"),
        device("SEP00005E005302", "--"),
    ];
    let one = endpoint("SCCP/SEP00005E005301");
    assert_eq!(
        table.apply_response(&Query::SccpDevices, &list(&items)),
        [Query::Endpoint(one.clone())]
    );
    let model = response("Response: Success\nValue: Cisco 7970\n");
    table.apply_response(&Query::Endpoint(one.clone()), &model);
    let [contact] = table.contacts(&one) else {
        panic!()
    };
    assert_eq!(contact.identity().unwrap().model, "7970");
    assert_eq!(contact.address, "192.0.2.21".parse().ok());
    assert_eq!(contact.mac(), "00:00:5E:00:53:01".parse().ok());
    // Another list keeps the model.
    table.apply_response(&Query::SccpDevices, &list(&items[..1]));
    assert_eq!(table.contacts(&one)[0].identity().unwrap().model, "7970");
    let status = |word: &str| {
        event(&format!(
            "Event: DeviceStatus\nChannelType: SCCP\nChannelObjectType: Device\n\
             DeviceStatus: {word}\nSCCPDevice: SEP00005E005301\n"
        ))
    };
    assert_eq!(table.apply_event(&status("UNREGISTERED")), None);
    assert!(table.contacts(&one).is_empty());
    assert_eq!(
        table.apply_event(&status("REGISTERED")),
        Some(Query::SccpDevices)
    );
}

/// An item as `SCCPShowLines` has it.
fn line(name: &str, device: &str) -> String {
    format!(
        "Event: SCCPLineEntry\nChannelType: SCCP\nChannelObjectType: Line\nActionId: 1\n\
         Exten: {name}\nSubscriptionNumber: \nLabel: Desk\nDescription: Desk\nDevice: {device}\n\
         MWI: OFF\nActiveChannels: 0\nChannelState: --\nCallType: --\nPartyName: \n\
         Capabilities: \n"
    )
}

/// A table of two registered devices: the first has two lines, and shares one of them with the second.
fn table_of_sccp() -> Table {
    let mut table = Table::default();
    let devices = [
        device("SEP00005E005301", "192.0.2.21:51010"),
        device("SEP00005E005302", "192.0.2.22:51011"),
        device("SEP00005E005303", "--"),
    ];
    for query in table.apply_response(&Query::SccpDevices, &list(&devices)) {
        let model = response("Response: Success\nValue: Cisco 7970\n");
        table.apply_response(&query, &model);
    }
    let lines = [
        "Event: TableStart\nTableName: Lines\n".to_owned(),
        line("200", "SEP00005E005301"),
        line("201", "SEP00005E005301"),
        line("201", "SEP00005E005302"),
        line("202", "(null)"),
        "Event: TableEnd\nTableName: Lines\n".to_owned(),
    ];
    table.apply_response(&Query::SccpLines, &list(&lines));
    table
}

fn addresses(table: &Table, name: &str) -> Vec<String> {
    let contacts = table.contacts(&endpoint(name)).iter();
    let addresses = contacts.filter_map(|contact| contact.address);
    addresses.map(|ip| ip.to_string()).collect()
}

#[test]
fn sccp_line_is_found_at_the_devices_that_have_it() {
    let table = table_of_sccp();
    assert_eq!(addresses(&table, "SCCP/200"), ["192.0.2.21"]);
    assert_eq!(addresses(&table, "SCCP/201"), ["192.0.2.21", "192.0.2.22"]);
    assert!(addresses(&table, "SCCP/202").is_empty());
    assert_eq!(addresses(&table, "SCCP/SEP00005E005302"), ["192.0.2.22"]);
    let [contact] = table.contacts(&endpoint("SCCP/200")) else {
        panic!()
    };
    assert_eq!(contact.mac(), "00:00:5E:00:53:01".parse().ok());
    assert_eq!(contact.identity().unwrap().model, "7970");
    // Devices are listed by their lines, and stand for one phone each.
    let mut listed: Vec<_> = table
        .all()
        .map(|contact| (contact.endpoint.to_string(), contact.is_further_line))
        .collect();
    listed.sort();
    let first = |name: &str| (name.to_owned(), false);
    let expected = [
        first("SCCP/200"),
        first("SCCP/201"),
        ("SCCP/201".to_owned(), true),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn sccp_lines_come_and_go_with_events() {
    let mut table = table_of_sccp();
    let status = |word: &str, line: &str| {
        event(&format!(
            "Event: PeerStatus\nChannelType: SCCP\nChannelObjectType: DeviceLine\n\
             PeerStatus: {word}\nSCCPDevice: SEP00005E005302\nSCCPLine: {line}\n\
             SCCPLineName: Desk\nSubscriptionId: \nSubscriptionName: \n"
        ))
    };
    let detached = table.apply_event(&status("DETACHED", "201"));
    assert_eq!(detached, Some(Query::SccpLines));
    let lines = [line("200", "SEP00005E005301"), line("201", "(null)")];
    table.apply_response(&Query::SccpLines, &list(&lines));
    assert!(addresses(&table, "SCCP/201").is_empty());
    assert_eq!(addresses(&table, "SCCP/SEP00005E005302"), ["192.0.2.22"]);
    let before = table.registration_count(&endpoint("SCCP/202"));
    let attached = table.apply_event(&status("ATTACHED", "202"));
    assert_eq!(attached, Some(Query::SccpLines));
    assert_eq!(table.registration_count(&endpoint("SCCP/202")), before + 1);
    table.apply_event(&event(
        "Event: DeviceStatus\nChannelType: SCCP\nDeviceStatus: UNREGISTERED\n\
         SCCPDevice: SEP00005E005301\n",
    ));
    assert!(addresses(&table, "SCCP/200").is_empty());
}

#[test]
fn sccp_line_that_exists_on_no_device_is_known() {
    let mut table = table_of_sccp();
    let lines = [line("200", "SEP00005E005301"), line("202", "(null)")];
    for (name, existence) in [
        ("SCCP/202", Some(Existence::Known)),
        ("SCCP/SEP00005E005303", Some(Existence::Known)),
        ("SCCP/299", None),
    ] {
        let query = Query::Question(endpoint(name));
        table.apply_response(&query, &list(&lines));
        assert_eq!(table.existence(&endpoint(name)), existence.as_ref());
    }
    let forbidden = response("Response: Error\nMessage: Permission denied\n");
    let name = endpoint("SCCP/202");
    table.apply_response(&Query::Question(name.clone()), &forbidden);
    assert!(matches!(
        table.existence(&name),
        Some(Existence::Forbidden(_))
    ));
}
