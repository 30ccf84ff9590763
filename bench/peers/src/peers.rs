//! What each rival does for the jobs, in its own terms and with its usual settings.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use automerge::transaction::Transactable;
use automerge::ReadDoc;
use yrs::updates::decoder::Decode;
use yrs::{GetString, ReadTxn, Text, Transact};

use crate::recording::Patch;

/// A replica with one text. Positions count code points.
pub trait Replica: Sized {
    fn new(client: u64) -> Self;
    fn load(state: &[u8], v2: bool, client: u64) -> Self;
    /// From now on `take` gives the update of each edit.
    fn listen(&mut self);
    /// One transaction.
    fn edit(&mut self, patches: &[Patch]);
    /// The update of the last edit; empty where it changed nothing.
    fn take(&mut self) -> Vec<u8>;
    fn apply(&mut self, update: &[u8]);
    fn text(&self) -> String;
    fn encode(&mut self, v2: bool) -> Vec<u8>;
    /// Without a document. None where there is no such thing.
    fn merge(_updates: &[Vec<u8>]) -> Option<Vec<u8>> {
        None
    }
}

pub struct Yrs {
    doc: yrs::Doc,
    text: yrs::TextRef,
    made: Rc<RefCell<Vec<u8>>>,
}

impl Replica for Yrs {
    fn new(client: u64) -> Self {
        let mut options = yrs::Options::with_client_id(yrs::block::ClientID::new(client));
        // As Yjs and its users count; of the texts here each code point is one unit.
        options.offset_kind = yrs::OffsetKind::Utf16;
        let doc = yrs::Doc::with_options(options);
        let text = doc.get_or_insert_text("text");
        Yrs {
            doc,
            text,
            made: Rc::default(),
        }
    }
    fn load(state: &[u8], v2: bool, client: u64) -> Self {
        let replica = Yrs::new(client);
        let update = if v2 {
            yrs::Update::decode_v2(state)
        } else {
            yrs::Update::decode_v1(state)
        };
        replica
            .doc
            .transact_mut()
            .apply_update(update.expect("a state"))
            .expect("a state that fits");
        replica
    }
    fn listen(&mut self) {
        let made = self.made.clone();
        let listener =
            move |_: &yrs::TransactionMut, event: &yrs::UpdateEvent| made.borrow_mut().clone_from(&event.update);
        self.doc
            .observe_update_v1("bench", listener)
            .expect("no transaction is open");
    }
    fn edit(&mut self, patches: &[Patch]) {
        let mut transaction = self.doc.transact_mut();
        for patch in patches {
            if patch.removed > 0 {
                self.text
                    .remove_range(&mut transaction, patch.position as u32, patch.removed as u32);
            }
            if !patch.inserted.is_empty() {
                self.text
                    .insert(&mut transaction, patch.position as u32, &patch.inserted);
            }
        }
    }
    fn take(&mut self) -> Vec<u8> {
        self.made.take()
    }
    fn apply(&mut self, update: &[u8]) {
        let update = yrs::Update::decode_v1(update).expect("an update");
        self.doc
            .transact_mut()
            .apply_update(update)
            .expect("an update that fits");
    }
    fn text(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }
    fn encode(&mut self, v2: bool) -> Vec<u8> {
        let nothing = yrs::StateVector::default();
        let transaction = self.doc.transact();
        if v2 {
            transaction.encode_state_as_update_v2(&nothing)
        } else {
            transaction.encode_state_as_update_v1(&nothing)
        }
    }
    fn merge(updates: &[Vec<u8>]) -> Option<Vec<u8>> {
        Some(yrs::merge_updates_v1(updates).expect("updates"))
    }
}

pub struct Loro {
    doc: loro::LoroDoc,
    text: loro::LoroText,
    made: Arc<Mutex<Vec<u8>>>,
    listening: Option<loro::Subscription>,
}

impl Replica for Loro {
    fn new(client: u64) -> Self {
        let doc = loro::LoroDoc::new();
        doc.set_peer_id(client).expect("an empty document");
        let text = doc.get_text("text");
        Loro {
            doc,
            text,
            made: Arc::default(),
            listening: None,
        }
    }
    fn load(state: &[u8], _v2: bool, client: u64) -> Self {
        let mut replica = Loro::new(client);
        replica.apply(state);
        replica
    }
    fn listen(&mut self) {
        let made = self.made.clone();
        self.listening = Some(self.doc.subscribe_local_update(Box::new(move |update| {
            made.lock().expect("one thread").clone_from(update);
            true
        })));
    }
    fn edit(&mut self, patches: &[Patch]) {
        for patch in patches {
            if patch.removed > 0 {
                self.text
                    .delete(patch.position, patch.removed)
                    .expect("within the text");
            }
            if !patch.inserted.is_empty() {
                self.text
                    .insert(patch.position, &patch.inserted)
                    .expect("within the text");
            }
        }
        self.doc.commit();
    }
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.made.lock().expect("one thread"))
    }
    fn apply(&mut self, update: &[u8]) {
        self.doc.import(update).expect("an update");
    }
    fn text(&self) -> String {
        self.text.to_string()
    }
    fn encode(&mut self, _v2: bool) -> Vec<u8> {
        self.doc.export(loro::ExportMode::Snapshot).expect("a document")
    }
}

pub struct Automerge {
    doc: automerge::AutoCommit,
    text: automerge::ObjId,
}

impl Automerge {
    /// A document whose text exists already, so that all replicas have the same.
    fn empty() -> Vec<u8> {
        let mut doc = automerge::AutoCommit::new_with_encoding(automerge::TextEncoding::UnicodeCodePoint)
            .with_actor(automerge::ActorId::from([1]));
        doc.put_object(automerge::ROOT, "text", automerge::ObjType::Text)
            .expect("an empty document");
        doc.save()
    }
}

impl Replica for Automerge {
    fn new(client: u64) -> Self {
        Automerge::load(&Automerge::empty(), false, client)
    }
    fn load(state: &[u8], _v2: bool, client: u64) -> Self {
        let options = automerge::LoadOptions::new().text_encoding(automerge::TextEncoding::UnicodeCodePoint);
        let doc = automerge::AutoCommit::load_with_options(state, options).expect("a document");
        let doc = doc.with_actor(automerge::ActorId::from(client.to_be_bytes()));
        let (_, text) = doc.get(automerge::ROOT, "text").expect("a root").expect("a text");
        Automerge { doc, text }
    }
    /// Its changes can be asked for afterwards.
    fn listen(&mut self) {}
    fn edit(&mut self, patches: &[Patch]) {
        for patch in patches {
            self.doc
                .splice_text(&self.text, patch.position, patch.removed as isize, &patch.inserted)
                .expect("within the text");
        }
        self.doc.commit();
    }
    fn take(&mut self) -> Vec<u8> {
        self.doc
            .get_last_local_change()
            .map(|change| change.raw_bytes().to_vec())
            .unwrap_or_default()
    }
    fn apply(&mut self, update: &[u8]) {
        self.doc.load_incremental(update).expect("an update");
    }
    fn text(&self) -> String {
        self.doc.text(&self.text).expect("a text")
    }
    fn encode(&mut self, _v2: bool) -> Vec<u8> {
        self.doc.save()
    }
}

pub struct DiamondTypes {
    list: diamond_types::list::ListCRDT,
    agent: diamond_types::AgentId,
    listening: bool,
    made: Vec<u8>,
}

impl Replica for DiamondTypes {
    fn new(client: u64) -> Self {
        let mut list = diamond_types::list::ListCRDT::new();
        let agent = list.get_or_create_agent_id(&client.to_string());
        DiamondTypes {
            list,
            agent,
            listening: false,
            made: Vec::new(),
        }
    }
    fn load(state: &[u8], _v2: bool, client: u64) -> Self {
        let mut list = diamond_types::list::ListCRDT::load_from(state).expect("a document");
        let agent = list.get_or_create_agent_id(&client.to_string());
        DiamondTypes {
            list,
            agent,
            listening: false,
            made: Vec::new(),
        }
    }
    fn listen(&mut self) {
        self.listening = true;
    }
    fn edit(&mut self, patches: &[Patch]) {
        let before = if self.listening {
            Some(self.list.oplog.local_version())
        } else {
            None
        };
        for patch in patches {
            if patch.removed > 0 {
                self.list
                    .delete_without_content(self.agent, patch.position..patch.position + patch.removed);
            }
            if !patch.inserted.is_empty() {
                self.list.insert(self.agent, patch.position, &patch.inserted);
            }
        }
        if let Some(before) = before {
            self.made = self
                .list
                .oplog
                .encode_from(diamond_types::list::encoding::ENCODE_PATCH, &before);
        }
    }
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.made)
    }
    fn apply(&mut self, update: &[u8]) {
        self.list.merge_data_and_ff(update).expect("an update");
    }
    fn text(&self) -> String {
        self.list.branch.content().to_string()
    }
    fn encode(&mut self, _v2: bool) -> Vec<u8> {
        self.list
            .oplog
            .encode(diamond_types::list::encoding::EncodeOptions::default())
    }
}
