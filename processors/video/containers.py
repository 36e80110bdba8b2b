"""The containers of videos that are read: plain ones, none that refers to other files."""

DEMUXERS = "mov,matroska,avi,mpegts,mpeg,ogg,flv,asf"
