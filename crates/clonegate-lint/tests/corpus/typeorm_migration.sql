CREATE TABLE "question" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "title" character varying NOT NULL, "likes" integer NOT NULL DEFAULT '0', CONSTRAINT "PK_21e5786aa0ea704ae185a79b2d5" PRIMARY KEY ("id"));
CREATE TYPE "public"."question_state_enum" AS ENUM('draft', 'published');
ALTER TABLE "question" ADD "state" "public"."question_state_enum" NOT NULL DEFAULT 'draft';
ALTER TYPE "public"."question_state_enum" RENAME TO "question_state_enum_old";
CREATE TYPE "public"."question_state_enum" AS ENUM('draft', 'published', 'archived');
ALTER TABLE "question" ALTER COLUMN "state" DROP DEFAULT;
ALTER TABLE "question" ALTER COLUMN "state" TYPE "public"."question_state_enum" USING "state"::"text"::"public"."question_state_enum";
ALTER TABLE "question" ALTER COLUMN "state" SET DEFAULT 'draft';
DROP TYPE "public"."question_state_enum_old";
