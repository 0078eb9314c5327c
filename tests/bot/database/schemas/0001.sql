BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE channel (
	id BIGINT NOT NULL, 
	server_id BIGINT NOT NULL, 
	watched BOOLEAN NOT NULL, 
	group_id INTEGER, 
	CONSTRAINT pk_channel PRIMARY KEY (id), 
	CONSTRAINT fk_channel_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE SET NULL, 
	CONSTRAINT fk_channel_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE
);
INSERT INTO "channel" VALUES(31,1100000000000000007,1,1);
INSERT INTO "channel" VALUES(32,1100000000000000007,0,NULL);
CREATE TABLE idol_group (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server_id BIGINT NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	"key" VARCHAR(100) NOT NULL, 
	CONSTRAINT fk_idol_group_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE, 
	CONSTRAINT uq_idol_group_server_id UNIQUE (server_id, "key")
);
INSERT INTO "idol_group" VALUES(1,1100000000000000007,'AURORA','aurora');
INSERT INTO "idol_group" VALUES(2,1100000000000000008,'AURORA','aurora');
INSERT INTO "idol_group" VALUES(3,0,'새벽 "Dawn"; it''s','새벽 dawn its');
CREATE TABLE member (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	group_id INTEGER NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	"key" VARCHAR(100) NOT NULL, 
	CONSTRAINT fk_member_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE CASCADE, 
	CONSTRAINT uq_member_group_id UNIQUE (group_id, "key")
);
INSERT INTO "member" VALUES(1,1,'Haneul','haneul');
INSERT INTO "member" VALUES(2,1,'Byeol','byeol');
INSERT INTO "member" VALUES(3,2,'Haneul','haneul');
INSERT INTO "member" VALUES(5,3,'노을','노을');
CREATE TABLE note (
	"key" VARCHAR(100) NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_note PRIMARY KEY ("key")
);
INSERT INTO "note" VALUES('commands','5f1e');
CREATE TABLE photo (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	member_id INTEGER NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	crop_key VARCHAR(200) NOT NULL, 
	face_width INTEGER NOT NULL, 
	added_by BIGINT NOT NULL, 
	added_at DATETIME NOT NULL, 
	CONSTRAINT fk_photo_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE CASCADE, 
	CONSTRAINT uq_photo_member_id UNIQUE (member_id, sha256)
);
INSERT INTO "photo" VALUES(1,1,'0000000000000000000000000000000000000000000000000000000000000001','crops/1100000000000000007/0000000000000000000000000000000000000000000000000000000000000001.jpg',101,501,'2026-11-21 09:31:00.000000');
INSERT INTO "photo" VALUES(2,2,'0000000000000000000000000000000000000000000000000000000000000002','crops/1100000000000000007/0000000000000000000000000000000000000000000000000000000000000002.jpg',102,501,'2026-11-21 09:32:00.000000');
INSERT INTO "photo" VALUES(3,3,'0000000000000000000000000000000000000000000000000000000000000001','crops/1100000000000000008/0000000000000000000000000000000000000000000000000000000000000001.jpg',101,501,'2026-11-21 09:33:00.000000');
INSERT INTO "photo" VALUES(4,5,'0000000000000000000000000000000000000000000000000000000000000004','crops/0/0000000000000000000000000000000000000000000000000000000000000004.jpg',104,501,'2026-11-21 09:34:00.000000');
INSERT INTO "photo" VALUES(5,2,'0000000000000000000000000000000000000000000000000000000000000001','crops/1100000000000000007/0000000000000000000000000000000000000000000000000000000000000001.jpg',101,501,'2026-11-21 09:35:00.000000');
CREATE TABLE photo_encoding (
	photo_id INTEGER NOT NULL, 
	engine VARCHAR(50) NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT pk_photo_encoding PRIMARY KEY (photo_id, engine), 
	CONSTRAINT fk_photo_encoding_photo_id_photo FOREIGN KEY(photo_id) REFERENCES photo (id) ON DELETE CASCADE
);
INSERT INTO "photo_encoding" VALUES(1,'dlib-1',X'0100803F00010040');
INSERT INTO "photo_encoding" VALUES(2,'dlib-1',X'0200803F00020040');
INSERT INTO "photo_encoding" VALUES(3,'dlib-1',X'0100803F00010040');
INSERT INTO "photo_encoding" VALUES(4,'dlib-1',X'0400803F00040040');
INSERT INTO "photo_encoding" VALUES(5,'dlib-1',X'0100803F00010040');
CREATE TABLE question (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server_id BIGINT, 
	channel_id BIGINT, 
	source_message_id BIGINT, 
	asker_id BIGINT NOT NULL, 
	engine VARCHAR(50) NOT NULL, 
	threshold DOUBLE NOT NULL, 
	rosters JSON NOT NULL, 
	asked_at DATETIME NOT NULL, 
	hidden_at DATETIME
);
INSERT INTO "question" VALUES(1,1100000000000000007,31,9001,501,'dlib-1',0.8,'[1100000000000000007, 0]','2026-11-21 09:40:00.000000',NULL);
INSERT INTO "question" VALUES(2,NULL,77,NULL,502,'dlib-1',0.7,'[0]','2026-11-21 09:41:00.000000',NULL);
INSERT INTO "question" VALUES(4,1100000000000000007,32,9005,503,'dlib-1',0.8,'[1100000000000000007, 0]','2026-11-21 09:42:00.000000','2026-11-21 09:43:00.000000');
CREATE TABLE question_face (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	picture_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	box JSON NOT NULL, 
	vector BLOB NOT NULL, 
	member_id INTEGER, 
	name VARCHAR(100), 
	confidence DOUBLE NOT NULL, 
	band VARCHAR(10) NOT NULL, 
	candidates JSON NOT NULL, 
	CONSTRAINT fk_question_face_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE SET NULL, 
	CONSTRAINT fk_question_face_picture_id_question_picture FOREIGN KEY(picture_id) REFERENCES question_picture (id) ON DELETE CASCADE
);
INSERT INTO "question_face" VALUES(1,1,1,'[10, 20, 110, 140]',X'0100803F00010040',1,'Haneul',0.93,'sure','[[1, "Haneul", 0.93, "AURORA"], [2, "Byeol", 0.04, "AURORA"]]');
INSERT INTO "question_face" VALUES(2,1,2,'[210, 20, 310, 140]',X'0200803F00020040',NULL,NULL,0.41,'unknown','[[1, "Haneul", 0.93, "AURORA"], [2, "Byeol", 0.04, "AURORA"]]');
INSERT INTO "question_face" VALUES(3,3,1,'[5, 6, 70, 80]',X'',5,'노을',0.93,'unsure','[[5, "\ub178\uc744", 0.6, null]]');
INSERT INTO "question_face" VALUES(4,4,1,'[5, 6, 70, 80]',X'0400803F00040040',NULL,NULL,0.93,'sure','[]');
CREATE TABLE question_picture (
	id INTEGER NOT NULL, 
	question_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	refusal VARCHAR, 
	width INTEGER, 
	height INTEGER, 
	group_name VARCHAR(100), 
	CONSTRAINT pk_question_picture PRIMARY KEY (id), 
	CONSTRAINT fk_question_picture_question_id_question FOREIGN KEY(question_id) REFERENCES question (id) ON DELETE CASCADE
);
INSERT INTO "question_picture" VALUES(1,1,0,'stage.jpg',NULL,640,480,'AURORA');
INSERT INTO "question_picture" VALUES(2,1,1,'broken.png','This is no picture.',NULL,NULL,NULL);
INSERT INTO "question_picture" VALUES(3,2,0,'사진.webp',NULL,300,200,NULL);
INSERT INTO "question_picture" VALUES(4,4,0,'new.jpg',NULL,300,200,NULL);
CREATE TABLE server (
	id BIGINT NOT NULL, 
	threshold DOUBLE, 
	roster_revision INTEGER NOT NULL, 
	CONSTRAINT pk_server PRIMARY KEY (id)
);
INSERT INTO "server" VALUES(1100000000000000007,0.8,3);
INSERT INTO "server" VALUES(1100000000000000008,NULL,1);
INSERT INTO "server" VALUES(0,NULL,2);
CREATE TABLE server_role (
	server_id BIGINT NOT NULL, 
	role_id BIGINT NOT NULL, 
	trust INTEGER NOT NULL, 
	CONSTRAINT pk_server_role PRIMARY KEY (server_id, role_id), 
	CONSTRAINT fk_server_role_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE
);
INSERT INTO "server_role" VALUES(1100000000000000007,41,1);
INSERT INTO "server_role" VALUES(1100000000000000007,42,2);
CREATE TABLE word (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	face_id INTEGER NOT NULL, 
	utterance VARCHAR(32) NOT NULL, 
	meaning VARCHAR(20) NOT NULL, 
	member_id INTEGER, 
	name VARCHAR(100), 
	said_by BIGINT NOT NULL, 
	said_at DATETIME NOT NULL, 
	trust INTEGER NOT NULL, 
	counts BOOLEAN NOT NULL, 
	undone_by BIGINT, 
	undone_at DATETIME, 
	CONSTRAINT fk_word_face_id_question_face FOREIGN KEY(face_id) REFERENCES question_face (id) ON DELETE CASCADE, 
	CONSTRAINT fk_word_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE SET NULL
);
INSERT INTO "word" VALUES(1,1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','MEMBER',1,'Haneul',501,'2026-11-21 09:44:00.000000',1,1,NULL,NULL);
INSERT INTO "word" VALUES(2,2,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','STRANGER',NULL,NULL,501,'2026-11-21 09:44:00.000000',1,1,502,'2026-11-21 09:45:00.000000');
INSERT INTO "word" VALUES(3,2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','MEMBER',2,'Byeol',502,'2026-11-21 09:44:00.000000',1,1,NULL,NULL);
INSERT INTO "word" VALUES(4,3,'cccccccccccccccccccccccccccccccc','MEMBER',NULL,'somebody who left',503,'2026-11-21 09:44:00.000000',0,0,NULL,NULL);
INSERT INTO "word" VALUES(6,4,'dddddddddddddddddddddddddddddddd','NOT_A_FACE',NULL,NULL,501,'2026-11-21 09:44:00.000000',1,1,NULL,NULL);
CREATE INDEX ix_question_asker_id ON question (asker_id);
CREATE INDEX ix_question_server_id ON question (server_id);
CREATE INDEX ix_question_source_message_id ON question (source_message_id);
CREATE INDEX ix_question_picture_question_id ON question_picture (question_id);
CREATE INDEX ix_channel_server_id ON channel (server_id);
CREATE INDEX ix_question_face_picture_id ON question_face (picture_id);
CREATE INDEX ix_word_face_id ON word (face_id);
CREATE INDEX ix_word_utterance ON word (utterance);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('idol_group',13);
INSERT INTO "sqlite_sequence" VALUES('member',15);
INSERT INTO "sqlite_sequence" VALUES('question',14);
INSERT INTO "sqlite_sequence" VALUES('question_face',14);
INSERT INTO "sqlite_sequence" VALUES('word',16);
INSERT INTO "sqlite_sequence" VALUES('photo',15);
COMMIT;
