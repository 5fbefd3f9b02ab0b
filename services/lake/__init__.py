"""The lake: every event as a row of a Parquet file, one data set an event class (ADR 13).

columns    the columns of a data set, told from the schema of its class
rows       events to columns
disk       files for our eyes only, that are on the disk when they are said to be
files      the Parquet files of a data set
manifest   which files are in the lake, and how far it has come: replaced as a whole
sink       where batches of files go, and what is in them
lake       the one writer of a lake: takes in batches, or refuses them
lock       sees that there is one
sizes      how large its parts grow
merging    which files are too small or too old, and what becomes of them
opening    a lake to write to, as the only one who does
skips      what people decided that a lake passes over
sources    the store and Kafka as sources, openable in any process
buffer     events on their way into files
exporter   from a source into a sink, a buffer full at a time
work       what is to be exported, and the work of one exporter
tidy       a lake that is kept tidy while batches go into it
processes  an export, in this process or in several
asking     DuckDB on a lake
"""
