-- what: CLUSTER
cluster zoo.visit using visit_pkey;
