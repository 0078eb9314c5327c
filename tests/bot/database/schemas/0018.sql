BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0018');
CREATE TABLE alias (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	group_id INTEGER NOT NULL, 
	member_id INTEGER, 
	name VARCHAR(100) NOT NULL, 
	"key" VARCHAR(100) NOT NULL, 
	CONSTRAINT fk_alias_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alias_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE CASCADE, 
	CONSTRAINT uq_alias_group_id UNIQUE (group_id, member_id, "key")
);
INSERT INTO "alias" VALUES(1,1,1,'하늘','하늘');
INSERT INTO "alias" VALUES(2,1,NULL,'오로라','오로라');
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
CREATE TABLE clip_job (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	wish VARCHAR(64) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	attempt INTEGER NOT NULL, 
	asker_id BIGINT NOT NULL, 
	server_id BIGINT, 
	channel_id BIGINT NOT NULL, 
	place_id BIGINT, 
	source_message_id BIGINT, 
	rosters JSON NOT NULL, 
	group_name VARCHAR(100), 
	card_id BIGINT, 
	answer_id BIGINT, 
	token VARCHAR, 
	token_until DOUBLE NOT NULL, 
	most_bytes INTEGER NOT NULL, 
	link VARCHAR, 
	title VARCHAR(300) NOT NULL, 
	video VARCHAR(64) NOT NULL, 
	start DOUBLE NOT NULL, 
	length DOUBLE, 
	style VARCHAR(20) NOT NULL, 
	question_id INTEGER, 
	"cast" JSON NOT NULL, 
	seconds DOUBLE NOT NULL, 
	drawn_changes INTEGER NOT NULL, 
	asked_at DATETIME NOT NULL, question_message_id BIGINT, restricted BOOLEAN DEFAULT 0 NOT NULL, spoiler BOOLEAN DEFAULT 0 NOT NULL, unheard VARCHAR(40), deleted BOOLEAN DEFAULT 0 NOT NULL, missing JSON DEFAULT '[]' NOT NULL, resume_at DATETIME, size_refused BOOLEAN DEFAULT 0 NOT NULL, delays INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT fk_clip_job_question_id_question FOREIGN KEY(question_id) REFERENCES question (id) ON DELETE SET NULL
);
INSERT INTO "clip_job" VALUES(1,'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','DONE',1,501,1100000000000000007,31,31,9010,'[1100000000000000007, 0]','AURORA',9012,9013,NULL,0.0,10485760,NULL,'A stage','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',1.5,20.0,'NAMES',1,'[[1, [0, 2], [[0.5, 3.25], [4.0, 6.0]], 4.75], [2, [1], [[0.0, 1.0]], 1.0]]',20.0,1,'2026-11-21 10:00:00.000000',9011,1,1,'ac3',0,'[3, [2], [3], 1.5]',NULL,1,0);
INSERT INTO "clip_job" VALUES(2,'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','WAITING',0,501,1100000000000000007,31,31,9010,'[1100000000000000007, 0]','AURORA',9012,NULL,'aW50ZXJhY3Rpb24',1795000000.0,10485760,'https://videos.example/watch?v=1&t=2','A stage','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',1.5,NULL,'NAMES_AND_LIST',NULL,'[]',0.0,0,'2026-11-21 10:00:00.000000',9011,0,0,NULL,1,'[]','2026-11-21 10:05:00.000000',0,0);
INSERT INTO "clip_job" VALUES(3,'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','WORKING',1,501,1100000000000000007,31,31,9010,'[1100000000000000007, 0]','AURORA',9012,NULL,NULL,0.0,10485760,NULL,'A stage','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',1.5,20.0,'BOXES',NULL,'[]',0.0,0,'2026-11-21 10:00:00.000000',9011,0,0,NULL,0,'[]',NULL,0,2);
INSERT INTO "clip_job" VALUES(5,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','FAILED',1,501,NULL,31,NULL,9010,'[1100000000000000007, 0]','AURORA',NULL,NULL,NULL,0.0,10485760,NULL,'A stage','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',1.5,20.0,'NAMES',NULL,'[]',0.0,0,'2026-11-21 10:00:00.000000',9011,0,0,NULL,0,'[]',NULL,1,12);
CREATE TABLE crop (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server_id BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	phash VARCHAR(16), 
	face_width INTEGER NOT NULL, 
	sharpness DOUBLE, 
	made_at DATETIME NOT NULL, only_in BIGINT, spoiler BOOLEAN DEFAULT 0 NOT NULL, bytes INTEGER DEFAULT 34000 NOT NULL, 
	CONSTRAINT uq_crop_server_id UNIQUE (server_id, sha256)
);
INSERT INTO "crop" VALUES(1,1100000000000000007,'0000000000000000000000000000000000000000000000000000000000000001','crops/00000000000000000000000000000001.jpg',NULL,101,NULL,'2026-11-21 09:31:00.000000',NULL,0,51234);
INSERT INTO "crop" VALUES(2,1100000000000000007,'0000000000000000000000000000000000000000000000000000000000000002','crops/00000000000000000000000000000002.jpg','0000000000000002',102,31.5,'2026-11-21 09:32:00.000000',NULL,0,34000);
INSERT INTO "crop" VALUES(3,1100000000000000008,'0000000000000000000000000000000000000000000000000000000000000003','crops/00000000000000000000000000000003.jpg','0000000000000003',103,31.5,'2026-11-21 09:33:00.000000',NULL,0,34000);
INSERT INTO "crop" VALUES(4,0,'0000000000000000000000000000000000000000000000000000000000000004','crops/00000000000000000000000000000004.jpg','0000000000000004',104,31.5,'2026-11-21 09:34:00.000000',NULL,0,34000);
INSERT INTO "crop" VALUES(5,1100000000000000007,'0000000000000000000000000000000000000000000000000000000000000005','crops/00000000000000000000000000000005.jpg','0000000000000005',105,31.5,'2026-11-21 09:35:00.000000',32,0,34000);
INSERT INTO "crop" VALUES(6,1100000000000000007,'0000000000000000000000000000000000000000000000000000000000000006','crops/00000000000000000000000000000006.jpg','0000000000000006',106,31.5,'2026-11-21 09:36:00.000000',NULL,1,34000);
CREATE TABLE crop_encoding (
	crop_id INTEGER NOT NULL, 
	engine VARCHAR(50) NOT NULL, 
	vector BLOB, 
	CONSTRAINT pk_crop_encoding PRIMARY KEY (crop_id, engine), 
	CONSTRAINT fk_crop_encoding_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE CASCADE
);
INSERT INTO "crop_encoding" VALUES(1,'dlib-1',X'0100803F00010040');
INSERT INTO "crop_encoding" VALUES(2,'dlib-1',X'0200803F00020040');
INSERT INTO "crop_encoding" VALUES(3,'dlib-1',X'0300803F00030040');
INSERT INTO "crop_encoding" VALUES(4,'dlib-1',X'0400803F00040040');
INSERT INTO "crop_encoding" VALUES(5,'dlib-1',X'0500803F00050040');
INSERT INTO "crop_encoding" VALUES(6,'dlib-1',X'0600803F00060040');
INSERT INTO "crop_encoding" VALUES(2,'retail-1',NULL);
CREATE TABLE engine_in_use (
	id INTEGER NOT NULL, 
	name VARCHAR(50) NOT NULL, told BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_engine_in_use PRIMARY KEY (id), 
	CONSTRAINT ck_engine_in_use_one_row CHECK (id = 1)
);
INSERT INTO "engine_in_use" VALUES(1,'dlib',0);
CREATE TABLE idol_group (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server_id BIGINT NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	"key" VARCHAR(100) NOT NULL, model_since INTEGER DEFAULT '0' NOT NULL, model_id INTEGER REFERENCES model (id) ON DELETE SET NULL, 
	CONSTRAINT fk_idol_group_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE, 
	CONSTRAINT uq_idol_group_server_id UNIQUE (server_id, "key")
);
INSERT INTO "idol_group" VALUES(1,1100000000000000007,'AURORA','aurora',5,1);
INSERT INTO "idol_group" VALUES(2,1100000000000000008,'AURORA','aurora',0,NULL);
INSERT INTO "idol_group" VALUES(3,0,'새벽 "Dawn"; it''s','새벽 dawn its',0,NULL);
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
CREATE TABLE model (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	group_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	engine VARCHAR(50) NOT NULL, 
	labels INTEGER NOT NULL, 
	upto INTEGER NOT NULL, 
	figures JSON NOT NULL, 
	classifier_key VARCHAR(200), 
	verdict VARCHAR(300) NOT NULL, 
	made_by BIGINT NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT fk_model_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE CASCADE, 
	CONSTRAINT uq_model_group_id UNIQUE (group_id, number)
);
INSERT INTO "model" VALUES(1,1,1,'dlib-1',3,5,'{"photos": 3, "members": 2, "judged": {"probes": 3, "old": {"right": 3.0, "wrong": 0.0}, "new": {"right": 3.0, "wrong": 0.0}, "fallen": [], "fresh": true, "passes": true, "rounds": 3}, "trial": {"photos": 3, "centroids": 2, "classifier": 3, "helps": true}, "named": {"photos": 3, "right": 3, "wrong": 0}}','classifiers/1/dlib-1/5f1e.keras','promoted',0,'2026-11-21 09:47:00.000000');
INSERT INTO "model" VALUES(2,1,2,'dlib-1',1,6,'{"photos": 3, "members": 2, "judged": {"probes": 3, "old": {"right": 3.0, "wrong": 0.0}, "new": {"right": 1.0, "wrong": 2.0}, "fallen": ["Byeol"], "fresh": true, "passes": false, "rounds": 3}, "trial": null, "named": {"photos": 3, "right": 3, "wrong": 0}}',NULL,'kept aside',501,'2026-11-21 09:48:00.000000');
CREATE TABLE model_photo (
	model_id INTEGER NOT NULL, 
	photo_id INTEGER NOT NULL, 
	CONSTRAINT pk_model_photo PRIMARY KEY (model_id, photo_id), 
	CONSTRAINT fk_model_photo_model_id_model FOREIGN KEY(model_id) REFERENCES model (id) ON DELETE CASCADE, 
	CONSTRAINT fk_model_photo_photo_id_photo FOREIGN KEY(photo_id) REFERENCES photo (id) ON DELETE CASCADE
);
INSERT INTO "model_photo" VALUES(1,1);
INSERT INTO "model_photo" VALUES(1,2);
INSERT INTO "model_photo" VALUES(1,5);
INSERT INTO "model_photo" VALUES(2,1);
INSERT INTO "model_photo" VALUES(2,2);
INSERT INTO "model_photo" VALUES(2,5);
INSERT INTO "model_photo" VALUES(2,6);
CREATE TABLE note (
	"key" VARCHAR(100) NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_note PRIMARY KEY ("key")
);
INSERT INTO "note" VALUES('commands','5f1e');
CREATE TABLE "photo" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	member_id INTEGER NOT NULL, 
	added_by BIGINT NOT NULL, 
	added_at DATETIME NOT NULL, 
	crop_id INTEGER NOT NULL, 
	face_id INTEGER, 
	origin VARCHAR(20) NOT NULL, 
	vouched_by BIGINT, 
	was_member_id INTEGER, 
	CONSTRAINT fk_photo_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE CASCADE, 
	CONSTRAINT uq_photo_member_id UNIQUE (member_id, crop_id), 
	CONSTRAINT fk_photo_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id), 
	CONSTRAINT fk_photo_face_id_question_face FOREIGN KEY(face_id) REFERENCES question_face (id) ON DELETE SET NULL
);
INSERT INTO "photo" VALUES(1,1,501,'2026-11-21 09:32:00.000000',1,NULL,'SUBMITTED',NULL,NULL);
INSERT INTO "photo" VALUES(2,2,501,'2026-11-21 09:33:00.000000',2,NULL,'GATHERED',502,NULL);
INSERT INTO "photo" VALUES(3,3,503,'2026-11-21 09:34:00.000000',3,NULL,'SUBMITTED',NULL,NULL);
INSERT INTO "photo" VALUES(4,5,0,'2026-11-21 09:35:00.000000',4,NULL,'SUBMITTED',NULL,NULL);
INSERT INTO "photo" VALUES(5,1,501,'2026-11-21 09:44:00.000000',5,1,'ASKED',NULL,2);
INSERT INTO "photo" VALUES(6,2,502,'2026-11-21 09:44:00.000000',6,2,'ASKED',NULL,NULL);
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
, origin VARCHAR(20) DEFAULT 'ASKED' NOT NULL, question_message_id BIGINT, card_message_id BIGINT, place_id BIGINT);
INSERT INTO "question" VALUES(1,1100000000000000007,31,9001,501,'dlib-1',0.8,'[1100000000000000007, 0]','2026-11-21 09:40:00.000000',NULL,'ASKED',9002,9003,30);
INSERT INTO "question" VALUES(2,NULL,77,NULL,502,'dlib-1',0.7,'[0]','2026-11-21 09:41:00.000000',NULL,'ASKED',NULL,NULL,NULL);
INSERT INTO "question" VALUES(4,1100000000000000007,32,9005,503,'dlib-1',0.8,'[1100000000000000007, 0]','2026-11-21 09:42:00.000000','2026-11-21 09:43:00.000000','SUBMITTED',NULL,NULL,NULL);
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
	candidates JSON NOT NULL, flaws JSON DEFAULT '[]' NOT NULL, held_by BIGINT, held_until DATETIME, suspected BOOLEAN DEFAULT 0 NOT NULL, crop_id INTEGER REFERENCES crop (id) ON DELETE SET NULL, basis VARCHAR(12) DEFAULT 'face' NOT NULL, drawn VARCHAR(100), 
	CONSTRAINT fk_question_face_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE SET NULL, 
	CONSTRAINT fk_question_face_picture_id_question_picture FOREIGN KEY(picture_id) REFERENCES question_picture (id) ON DELETE CASCADE
);
INSERT INTO "question_face" VALUES(1,1,1,'[10, 20, 110, 140]',X'0100803F00010040',1,'Haneul',0.93,'sure','[[1, "Haneul", 0.93, "AURORA"], [2, "Byeol", 0.04, "AURORA"]]','[]',NULL,NULL,0,5,'face','Haneul');
INSERT INTO "question_face" VALUES(2,1,2,'[210, 20, 310, 140]',X'0200803F00020040',NULL,NULL,0.41,'unknown','[[1, "Haneul", 0.93, "AURORA"], [2, "Byeol", 0.04, "AURORA"]]','["small", "blurred"]',503,'2026-11-21 09:50:00.000000',1,6,'context','Byeol');
INSERT INTO "question_face" VALUES(3,3,1,'[5, 6, 70, 80]',X'',5,'노을',0.93,'unsure','[[5, "\ub178\uc744", 0.6, null]]','[]',NULL,NULL,0,NULL,'elimination','노을');
INSERT INTO "question_face" VALUES(4,4,1,'[5, 6, 70, 80]',X'0400803F00040040',NULL,NULL,0.93,'sure','[]','[]',NULL,NULL,0,NULL,'face',NULL);
CREATE TABLE question_picture (
	id INTEGER NOT NULL, 
	question_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	refusal VARCHAR, 
	width INTEGER, 
	height INTEGER, 
	group_name VARCHAR(100), source VARCHAR, spoiler BOOLEAN DEFAULT 0 NOT NULL, left_out INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_question_picture PRIMARY KEY (id), 
	CONSTRAINT fk_question_picture_question_id_question FOREIGN KEY(question_id) REFERENCES question (id) ON DELETE CASCADE
);
INSERT INTO "question_picture" VALUES(1,1,0,'stage.jpg',NULL,640,480,'AURORA',NULL,1,3);
INSERT INTO "question_picture" VALUES(2,1,1,'broken.png','This is no picture.',NULL,NULL,NULL,NULL,0,0);
INSERT INTO "question_picture" VALUES(3,2,0,'사진.webp',NULL,300,200,NULL,'https://pictures.example/1',0,1);
INSERT INTO "question_picture" VALUES(4,4,0,'new.jpg',NULL,300,200,NULL,NULL,0,0);
CREATE TABLE quiz (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server_id BIGINT NOT NULL, 
	group_id INTEGER, 
	person_id BIGINT NOT NULL, 
	race BOOLEAN NOT NULL, 
	rounds INTEGER NOT NULL, 
	asked INTEGER NOT NULL, 
	seed BIGINT NOT NULL, 
	alike JSON NOT NULL, 
	begun_at DATETIME NOT NULL, 
	CONSTRAINT fk_quiz_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE, 
	CONSTRAINT fk_quiz_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE CASCADE
);
INSERT INTO "quiz" VALUES(1,1100000000000000007,1,501,0,5,2,7000000007,'{"1": [2], "2": [1]}','2026-11-21 10:10:00.000000');
INSERT INTO "quiz" VALUES(2,1100000000000000007,NULL,0,1,3,1,8,'{}','2026-11-21 10:11:00.000000');
CREATE TABLE quiz_answer (
	round_id INTEGER NOT NULL, 
	person_id BIGINT NOT NULL, 
	chosen_id INTEGER, 
	correct BOOLEAN NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_quiz_answer PRIMARY KEY (round_id, person_id), 
	CONSTRAINT fk_quiz_answer_round_id_quiz_round FOREIGN KEY(round_id) REFERENCES quiz_round (id) ON DELETE CASCADE, 
	CONSTRAINT fk_quiz_answer_chosen_id_member FOREIGN KEY(chosen_id) REFERENCES member (id) ON DELETE SET NULL
);
INSERT INTO "quiz_answer" VALUES(1,501,1,1,'2026-11-21 10:11:00.000000');
INSERT INTO "quiz_answer" VALUES(3,502,NULL,0,'2026-11-21 10:13:00.000000');
CREATE TABLE quiz_memory (
	person_id BIGINT NOT NULL, 
	member_id INTEGER NOT NULL, 
	state INTEGER NOT NULL, 
	step INTEGER, 
	stability DOUBLE, 
	difficulty DOUBLE, 
	due DATETIME NOT NULL, 
	last_review DATETIME, 
	seen INTEGER NOT NULL, 
	correct INTEGER NOT NULL, 
	CONSTRAINT pk_quiz_memory PRIMARY KEY (person_id, member_id), 
	CONSTRAINT fk_quiz_memory_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE CASCADE
);
INSERT INTO "quiz_memory" VALUES(501,1,1,0,2.3,2.1,'2026-11-21 10:20:00.000000','2026-11-21 10:11:00.000000',1,1);
INSERT INTO "quiz_memory" VALUES(502,2,3,NULL,NULL,NULL,'2026-11-21 10:21:00.000000',NULL,0,0);
CREATE TABLE quiz_round (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	quiz_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	crop_id INTEGER, 
	options JSON NOT NULL, 
	asked_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	CONSTRAINT fk_quiz_round_quiz_id_quiz FOREIGN KEY(quiz_id) REFERENCES quiz (id) ON DELETE CASCADE, 
	CONSTRAINT fk_quiz_round_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE CASCADE, 
	CONSTRAINT fk_quiz_round_crop_id_crop FOREIGN KEY(crop_id) REFERENCES crop (id) ON DELETE SET NULL, 
	CONSTRAINT uq_quiz_round_quiz_id UNIQUE (quiz_id, number)
);
INSERT INTO "quiz_round" VALUES(1,1,1,1,1,'[1, 2]','2026-11-21 10:10:00.000000','2026-11-21 10:11:00.000000');
INSERT INTO "quiz_round" VALUES(2,1,2,2,NULL,'[2, 1]','2026-11-21 10:12:00.000000',NULL);
INSERT INTO "quiz_round" VALUES(3,2,1,2,2,'[2, 1]','2026-11-21 10:12:00.000000',NULL);
CREATE TABLE quiz_score (
	server_id BIGINT NOT NULL, 
	group_id INTEGER NOT NULL, 
	person_id BIGINT NOT NULL, 
	points INTEGER NOT NULL, 
	answers INTEGER NOT NULL, 
	streak INTEGER NOT NULL, 
	best INTEGER NOT NULL, 
	CONSTRAINT pk_quiz_score PRIMARY KEY (server_id, group_id, person_id), 
	CONSTRAINT fk_quiz_score_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE, 
	CONSTRAINT fk_quiz_score_group_id_idol_group FOREIGN KEY(group_id) REFERENCES idol_group (id) ON DELETE CASCADE
);
INSERT INTO "quiz_score" VALUES(1100000000000000007,1,501,3,1,1,1);
CREATE TABLE server (
	id BIGINT NOT NULL, 
	threshold DOUBLE, 
	roster_revision INTEGER NOT NULL, learns VARCHAR(20) DEFAULT 'CONFIRMED' NOT NULL, notices_channel_id BIGINT, refused_upload BIGINT, refused_at DATETIME, told_full JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_server PRIMARY KEY (id)
);
INSERT INTO "server" VALUES(1100000000000000007,0.8,3,'CONFIRMED',31,9000000,'2026-11-21 09:31:00.000000','["photos"]');
INSERT INTO "server" VALUES(1100000000000000008,NULL,1,'OFF',NULL,NULL,NULL,'[]');
INSERT INTO "server" VALUES(0,NULL,2,'CONFIRMED',NULL,NULL,NULL,'[]');
CREATE TABLE server_role (
	server_id BIGINT NOT NULL, 
	role_id BIGINT NOT NULL, 
	trust INTEGER NOT NULL, 
	CONSTRAINT pk_server_role PRIMARY KEY (server_id, role_id), 
	CONSTRAINT fk_server_role_server_id_server FOREIGN KEY(server_id) REFERENCES server (id) ON DELETE CASCADE
);
INSERT INTO "server_role" VALUES(1100000000000000007,41,1);
INSERT INTO "server_role" VALUES(1100000000000000007,42,2);
CREATE TABLE skip (
	face_id INTEGER NOT NULL, 
	person_id BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_skip PRIMARY KEY (face_id, person_id), 
	CONSTRAINT fk_skip_face_id_question_face FOREIGN KEY(face_id) REFERENCES question_face (id) ON DELETE CASCADE
);
INSERT INTO "skip" VALUES(4,502,'2026-11-21 09:46:00.000000');
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
	undone_at DATETIME, deliberate BOOLEAN DEFAULT 0 NOT NULL, replaces_id INTEGER REFERENCES word (id) ON DELETE SET NULL, 
	CONSTRAINT fk_word_face_id_question_face FOREIGN KEY(face_id) REFERENCES question_face (id) ON DELETE CASCADE, 
	CONSTRAINT fk_word_member_id_member FOREIGN KEY(member_id) REFERENCES member (id) ON DELETE SET NULL
);
INSERT INTO "word" VALUES(1,1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','MEMBER',1,'Haneul',501,'2026-11-21 09:44:00.000000',1,1,NULL,NULL,0,NULL);
INSERT INTO "word" VALUES(2,2,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','STRANGER',NULL,NULL,501,'2026-11-21 09:44:00.000000',1,1,502,'2026-11-21 09:45:00.000000',0,NULL);
INSERT INTO "word" VALUES(3,2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','MEMBER',2,'Byeol',502,'2026-11-21 09:44:00.000000',1,1,NULL,NULL,1,2);
INSERT INTO "word" VALUES(4,3,'cccccccccccccccccccccccccccccccc','MEMBER',NULL,'somebody who left',503,'2026-11-21 09:44:00.000000',0,0,NULL,NULL,0,NULL);
INSERT INTO "word" VALUES(6,4,'dddddddddddddddddddddddddddddddd','NOT_A_FACE',NULL,NULL,501,'2026-11-21 09:44:00.000000',1,1,NULL,NULL,0,NULL);
CREATE INDEX ix_question_asker_id ON question (asker_id);
CREATE INDEX ix_question_server_id ON question (server_id);
CREATE INDEX ix_question_source_message_id ON question (source_message_id);
CREATE INDEX ix_question_picture_question_id ON question_picture (question_id);
CREATE INDEX ix_channel_server_id ON channel (server_id);
CREATE INDEX ix_question_face_picture_id ON question_face (picture_id);
CREATE INDEX ix_word_face_id ON word (face_id);
CREATE INDEX ix_word_utterance ON word (utterance);
CREATE INDEX ix_photo_crop_id ON photo (crop_id);
CREATE INDEX ix_photo_face_id ON photo (face_id);
CREATE INDEX ix_alias_key ON alias ("key");
CREATE INDEX ix_model_photo_photo_id ON model_photo (photo_id);
CREATE INDEX ix_question_face_crop_id ON question_face (crop_id);
CREATE INDEX ix_clip_job_state ON clip_job (state);
CREATE INDEX ix_clip_job_asker_id ON clip_job (asker_id);
CREATE INDEX ix_clip_job_source_message_id ON clip_job (source_message_id);
CREATE INDEX ix_clip_job_question_id ON clip_job (question_id);
CREATE UNIQUE INDEX ix_clip_job_at_work ON clip_job (wish) WHERE state IN ('WORKING', 'SENDING');
CREATE INDEX ix_quiz_server_id ON quiz (server_id);
CREATE INDEX ix_quiz_person_id ON quiz (person_id);
CREATE INDEX ix_quiz_round_member_id ON quiz_round (member_id);
CREATE INDEX ix_quiz_round_crop_id ON quiz_round (crop_id);
CREATE INDEX ix_quiz_answer_person_id ON quiz_answer (person_id);
CREATE INDEX ix_quiz_memory_member_id ON quiz_memory (member_id);
CREATE INDEX ix_quiz_score_group_id ON quiz_score (group_id);
CREATE INDEX ix_quiz_score_person_id ON quiz_score (person_id);
CREATE INDEX ix_question_question_message_id ON question (question_message_id);
CREATE INDEX ix_question_card_message_id ON question (card_message_id);
CREATE INDEX ix_clip_job_question_message_id ON clip_job (question_message_id);
CREATE INDEX ix_clip_job_answer_id ON clip_job (answer_id);
CREATE INDEX ix_crop_server_id ON crop (server_id, bytes);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('crop',16);
INSERT INTO "sqlite_sequence" VALUES('photo',16);
INSERT INTO "sqlite_sequence" VALUES('idol_group',13);
INSERT INTO "sqlite_sequence" VALUES('member',15);
INSERT INTO "sqlite_sequence" VALUES('question',14);
INSERT INTO "sqlite_sequence" VALUES('question_face',14);
INSERT INTO "sqlite_sequence" VALUES('word',16);
INSERT INTO "sqlite_sequence" VALUES('alias',12);
INSERT INTO "sqlite_sequence" VALUES('model',12);
INSERT INTO "sqlite_sequence" VALUES('clip_job',15);
INSERT INTO "sqlite_sequence" VALUES('quiz',12);
INSERT INTO "sqlite_sequence" VALUES('quiz_round',13);
COMMIT;
