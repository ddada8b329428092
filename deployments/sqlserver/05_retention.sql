-- How long changes are kept: for so long replication may stand still and go on without reading a table anew. Three
-- days if nobody has said so; seven take a long weekend and somebody's flu. They cost the space of the change tables
-- (06_watch.sql shows it). Run by a db_owner.
--
--   sqlcmd -b -S server -d database -v minutes=10080 -i 05_retention.sql
EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = $(minutes);
GO
