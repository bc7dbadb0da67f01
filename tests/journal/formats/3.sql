PRAGMA application_id=1161908813;
PRAGMA user_version=3;
CREATE TABLE changes (
	run_id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	"before" JSON NOT NULL, 
	"after" JSON NOT NULL, 
	created BOOLEAN NOT NULL, 
	shared BOOLEAN NOT NULL, 
	details JSON NOT NULL, 
	intended_at FLOAT NOT NULL, 
	applied_at FLOAT, 
	version INTEGER, 
	undone_at FLOAT, 
	kept JSON, 
	PRIMARY KEY (run_id, conversation_id)
);
INSERT INTO "changes" VALUES('20261123-051315-d802','c1','files:FOLDER/out.jsonl','{}','{"extracted_products":[],"extracted_issues":["Crash or freeze"]}',1,0,'{}',1.79541079562962579722e+09,1.79541079564871597284e+09,NULL,NULL,NULL);
INSERT INTO "changes" VALUES('20261123-051315-d802','c2','files:FOLDER/out.jsonl','{}','{"extracted_products":[],"extracted_issues":["Defective"]}',1,0,'{}',1.79541079562962579722e+09,NULL,NULL,NULL,NULL);
CREATE TABLE entities (
	run_id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	label VARCHAR NOT NULL, 
	canonical_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	confidence FLOAT, 
	confidence_kind VARCHAR NOT NULL, 
	parts JSON NOT NULL, 
	linked BOOLEAN NOT NULL, 
	forms JSON NOT NULL, 
	mentions JSON NOT NULL, 
	assertion VARCHAR DEFAULT 'present' NOT NULL, 
	cue JSON, 
	unsure BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (run_id, conversation_id, label, canonical_id)
);
INSERT INTO "entities" VALUES('20261123-051315-d802','c1','ISSUE','type:crash','Crash or freeze','keep','0.90 reaches 0.50',0.9,'evidence','{"rule":0.9}',1,'["keeps crashing"]','[[0,8,22,"customer","rules"]]','present',NULL,0);
INSERT INTO "entities" VALUES('20261123-051315-d802','c2','ISSUE','type:defect','Defective','keep','0.82 reaches 0.50',0.82,'evidence','{"rule":0.82}',1,'["will not turn on"]','[[0,15,31,"customer","rules"]]','present',NULL,0);
CREATE TABLE erasures (
	alias VARCHAR NOT NULL, 
	erased_at FLOAT NOT NULL, 
	PRIMARY KEY (alias)
);
INSERT INTO "erasures" VALUES('erased:3805b79f8cfc2a81d5b70704ac9f627b',1.79541079645283651352e+09);
CREATE TABLE items (
	run_id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR, 
	correlation_id VARCHAR, 
	attempt INTEGER NOT NULL, 
	next_at FLOAT, 
	channel VARCHAR NOT NULL, 
	queue VARCHAR, 
	language VARCHAR, 
	started_at FLOAT, 
	ended_at FLOAT, 
	messages INTEGER NOT NULL, 
	revision VARCHAR NOT NULL, 
	participants JSON NOT NULL, 
	sessions JSON NOT NULL, 
	carried_from VARCHAR, 
	sitting INTEGER NOT NULL, 
	PRIMARY KEY (run_id, conversation_id)
);
INSERT INTO "items" VALUES('20261123-051315-d802','c1','written',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,1,'4ddc10d8fe6cc3224a226105d397e756','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-051315-d802','c2','intended',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,1,'be235b390374a29cce2da479fdbd9f2a','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-051315-d802','c3','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'240b8bba29e6c6fbec313c98feb7e215','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-051315-d802','c4','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'bf80e6e5c94b937003f6505c7a261e62','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-051315-d802','erased:3805b79f8cfc2a81d5b70704ac9f627b','erased','erased on request',NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-051315-d802','c6','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'f5ade28f1318753d5826a91233b88f5b','[]','[]',NULL,1);
CREATE TABLE keys (
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "keys" VALUES('erasures','35e36583ae0369c05cce1b64f0564cba994715479aa3d7199b087749d8b112e3');
CREATE TABLE pairs (
	run_id VARCHAR NOT NULL, 
	conversation_id VARCHAR NOT NULL, 
	product_id VARCHAR NOT NULL, 
	issue_id VARCHAR NOT NULL, 
	nearness VARCHAR NOT NULL, 
	product_message INTEGER NOT NULL, 
	issue_message INTEGER NOT NULL, 
	PRIMARY KEY (run_id, conversation_id, product_id, issue_id)
)
 WITHOUT ROWID

;
CREATE TABLE runs (
	id VARCHAR NOT NULL, 
	started_at FLOAT NOT NULL, 
	finished_at FLOAT, 
	status VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	writer VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	since FLOAT, 
	until FLOAT, 
	dry_run BOOLEAN NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	facts JSON NOT NULL, 
	options JSON NOT NULL, 
	usage JSON NOT NULL, 
	cursor VARCHAR, 
	listed BOOLEAN NOT NULL, 
	sitting INTEGER NOT NULL, 
	basis VARCHAR, 
	confidence JSON DEFAULT '{}' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('20261123-051315-d802',1.79541079536478805547e+09,NULL,'running','files:chats.jsonl','files:out.jsonl','files:FOLDER/out.jsonl',NULL,NULL,0,'929595951f0b7e4fbb411cda001b533531af6129808ac88c2807124e57434b86','{"name":"earmark","version":"0.1.0","spacy":"3.8.18","model":"none","model_hash":"","catalog":"0 entries","catalog_hash":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","rules":"58 rules","rules_hash":"c318cbae5e42cdc4059f492051f6390806e772a4eb98e5c94b70409675efd113","reading_hash":"c0969f50bf01f1c13e70fd313039ccd05b071eebc82d898ba7c611ab0b08f7ef"}','{"source":"chats.jsonl","writer":"files:out.jsonl","region":null,"text":"recordings","listing":"auto","schema_name":"Earmark","products_key":"extracted_products","issues_key":"extracted_issues","interactions_limit":100,"model":"none","label_map":null,"catalog":[],"rules":null,"issue_types":[],"senders":["customer","agent"],"scorer":"evidence","calibration":null,"threshold":0.5,"thresholds":{"ISSUE":0.5,"PRODUCT":0.5},"review":0.3,"reviews":{"ISSUE":0.3,"PRODUCT":0.3},"workers":8,"patience":60.0,"pace":1.0,"overlap_hours":24.0,"limit":null}','{"requests":0,"retries":0,"throttled":0,"waited_seconds":0.0}',NULL,1,1,'a05d4ac583e6361f54d12b02565f28768b95f4efb9f7331204be20a827930180','{"scorer":"evidence","kind":"evidence"}');
CREATE INDEX items_by_state ON items (run_id, state);
CREATE INDEX items_by_conversation ON items (conversation_id);
CREATE INDEX entities_for_review ON entities (run_id) WHERE verdict = 'review';
CREATE INDEX changes_by_target ON changes (target, conversation_id);
