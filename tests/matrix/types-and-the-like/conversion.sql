-- what: a conversion is dropped
-- caught-by: catalog: conversion zoo.to_latin exists
drop conversion zoo.to_latin;
