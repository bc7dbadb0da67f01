PRAGMA application_id=1161908813;
PRAGMA user_version=1;
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
	PRIMARY KEY (run_id, conversation_id)
);
INSERT INTO "changes" VALUES('20261123-045130-15a0','c1','files:FOLDER/out.jsonl','{}','{"extracted_products": [], "extracted_issues": ["keeps crashing"]}',1,0,'{}',1.79540949021412396427e+09,1.79540949022097277637e+09,NULL,NULL);
INSERT INTO "changes" VALUES('20261123-045130-15a0','c2','files:FOLDER/out.jsonl','{}','{"extracted_products": [], "extracted_issues": ["won''t turn on"]}',1,0,'{}',1.79540949021412396427e+09,NULL,NULL,NULL);
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
	PRIMARY KEY (run_id, conversation_id, label, canonical_id)
);
INSERT INTO "entities" VALUES('20261123-045130-15a0','c1','ISSUE','issue:keeps-doing:crashing','keeps crashing','keep','0.90 reaches 0.50',0.9,'evidence','{"rule": 0.9}',1,'["keeps crashing"]','[[0, 8, 22, "customer", "rules"]]');
INSERT INTO "entities" VALUES('20261123-045130-15a0','c2','ISSUE','issue:not-doing:turn on','won''t turn on','keep','0.82 reaches 0.50',0.82,'evidence','{"rule": 0.82}',1,'["will not turn on"]','[[0, 15, 31, "customer", "rules"]]');
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
INSERT INTO "items" VALUES('20261123-045130-15a0','c1','written',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,1,'4ddc10d8fe6cc3224a226105d397e756','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-045130-15a0','c2','intended',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,1,'be235b390374a29cce2da479fdbd9f2a','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-045130-15a0','c3','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'240b8bba29e6c6fbec313c98feb7e215','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-045130-15a0','c4','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'bf80e6e5c94b937003f6505c7a261e62','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-045130-15a0','c5','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'c148cf95aa08986608eb79142ab1169f','[]','[]',NULL,1);
INSERT INTO "items" VALUES('20261123-045130-15a0','c6','listed',NULL,NULL,0,NULL,'unknown',NULL,NULL,NULL,NULL,0,'f5ade28f1318753d5826a91233b88f5b','[]','[]',NULL,1);
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
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('20261123-045130-15a0',1.79540949020064544679e+09,NULL,'running','files:chats.jsonl','files:out.jsonl','files:FOLDER/out.jsonl',NULL,NULL,0,'fd5eaad66e9581d4290a81ddf911b815bcd219e6c2e93f583c527e40d6efc10c','{"name": "earmark", "version": "0.1.0", "spacy": "3.8.18", "model": "none", "model_hash": "", "catalog": "0 entries", "catalog_hash": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", "rules": "58 rules", "rules_hash": "85490134dad9ffcc9997f92195c69d1d5a88506fe4d82818c48deca47bee22ea"}','{"source": "chats.jsonl", "writer": "files:out.jsonl", "region": null, "text": "recordings", "listing": "auto", "schema_name": "Earmark", "products_key": "extracted_products", "issues_key": "extracted_issues", "interactions_limit": 100, "model": "none", "label_map": null, "catalog": [], "rules": null, "senders": ["customer", "agent"], "scorer": "evidence", "threshold": 0.5, "workers": 8, "patience": 60.0, "pace": 1.0, "overlap_hours": 24.0, "thresholds": {"PRODUCT": 0.5, "ISSUE": 0.5}, "limit": null}','{"requests": 0, "retries": 0, "throttled": 0, "waited_seconds": 0.0}',NULL,1,1);
CREATE INDEX items_by_conversation ON items (conversation_id);
CREATE INDEX items_by_state ON items (run_id, state);
CREATE INDEX changes_by_target ON changes (target, conversation_id);
